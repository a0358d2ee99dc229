--- Submits runs: sends a part of a buffer, and offers to start or restart a kernel if there is none.

local cells = require("kernel_bridge.cells")
local choices = require("kernel_bridge.select")
local client = require("kernel_bridge.client")
local expected = require("kernel_bridge.expected")
local here = require("kernel_bridge.here")
local kernels = require("kernel_bridge.kernels")
local notebook = require("kernel_bridge.notebook")
local session = require("kernel_bridge.session")
local sheets = require("kernel_bridge.sheets")

local M = {}

---@class kernel_bridge.RunOpts: kernel_bridge.At
---@field unit? kernel_bridge.Unit default: "statement", or "range" with `lines` or `from`
---@field lines? [integer, integer] first and last line, 1-based
---@field from? [integer, integer] row and column in bytes, 0-based
---@field to? [integer, integer] row and column, exclusive
---@field kernel? string the kernel to run on instead of the buffer's: its ID, the start of it, or its name
---@field code? string text to run instead of the buffer's; with `lines` or `from`, it comes from there
---@field arguments? table more fields for the argument of kernel-bridge.run

---@param bufnr integer
---@param opts kernel_bridge.RunOpts
---@param cursor [integer, integer] row and column in bytes, 0-based
---@param encoding "utf-8"|"utf-16"|"utf-32"
---@return kernel_bridge.RunParams
local function params_of(bufnr, opts, cursor, encoding)
  local function position(row, column)
    local line = vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1] or ""
    return { line = row, character = vim.str_utfindex(line, encoding, math.min(column, #line), false) }
  end
  local params = { textDocument = client.document(bufnr), unit = opts.unit }
  if opts.lines then
    local first, last = opts.lines[1] - 1, opts.lines[2] - 1
    params.range = { start = position(first, 0), ["end"] = position(last, math.huge) }
  elseif opts.from then
    params.range = { start = position(unpack(opts.from)), ["end"] = position(unpack(opts.to)) }
  elseif not opts.code then
    params.unit = opts.unit or "statement"
    params.position = position(unpack(cursor))
  end
  if opts.code then
    params.code, params.unit = opts.code, params.range and "range" or nil
  end
  return vim.tbl_extend("force", params, opts.arguments or {})
end

--- With the lines of the cell at the cursor, if the user defined it: the server knows only its own cells.
---@param bufnr integer
---@param opts kernel_bridge.RunOpts
---@return kernel_bridge.RunOpts
local function with_defined(bufnr, opts)
  local cell = opts.unit == "cell" and not opts.lines and cells.at(bufnr, here.cursor(bufnr)[1] + 1)
  if not cell or not cell.is_defined then
    return opts
  end
  return vim.tbl_extend("force", opts, { unit = "range", lines = { cell.first, cell.last } })
end

---@param bufnr integer
---@param opts kernel_bridge.RunOpts
---@param place [integer, integer] row and column in bytes, 0-based
---@param answered? fun(failed: lsp.ResponseError?, runs: kernel_bridge.Run[]?): boolean?
local function send(bufnr, opts, place, answered)
  local remove_mark = expected.expect(bufnr, place[1])
  local answered_edits = sheets.asking(bufnr)
  local function done(failed, runs)
    remove_mark()
    answered_edits()
    return answered and answered(failed, runs)
  end
  client.with(bufnr, function(server)
    local params = params_of(bufnr, opts, place, server.offset_encoding)
    client.command(bufnr, "run", params, function(failed, result)
      for _, run in ipairs(result and result.runs or {}) do
        session.run(run, server.id)
        local entry = session.entry(run.id)
        if entry and entry.bufnr and run.range then
          sheets.add(entry, { range = run.range, version = run.textDocument.version or 0 })
        end
      end
      local handled = done(failed, result and result.runs)
      local kind = failed and (failed.data or {}).kind
      local function again()
        M.run(vim.tbl_extend("force", opts, { bufnr = bufnr }), answered)
      end
      if kind == "KernelRequired" then
        choices.offer(bufnr, failed.data, again)
        return true
      elseif kind == "KernelDead" then
        choices.revive(bufnr, params.kernelId, again)
        return true
      end
      return handled
    end)
  end, function()
    done({ code = 0, message = "no server" })
  end)
end

--- Runs on another kernel than the buffer's, once it is ready. Lines that are added or removed meanwhile move the run.
---@param bufnr integer
---@param opts kernel_bridge.RunOpts
---@param place [integer, integer]
---@param answered? fun(failed: lsp.ResponseError?, runs: kernel_bridge.Run[]?): boolean?
local function send_elsewhere(bufnr, opts, place, answered)
  local remove_mark = expected.expect(bufnr, place[1])
  kernels.summon(bufnr, opts.kernel, function(kernel)
    local moved = remove_mark() - place[1]
    if not kernel then
      return answered and answered({ code = 0, message = "no kernel" })
    end
    local function down(position)
      return position and { position[1] + moved, position[2] }
    end
    local there = vim.tbl_extend("force", opts, {
      lines = opts.lines and { opts.lines[1] + moved, opts.lines[2] + moved },
      from = down(opts.from),
      to = down(opts.to),
      arguments = vim.tbl_extend("force", opts.arguments or {}, { kernelId = kernel.id }),
    })
    there.kernel = nil
    send(bufnr, there, down(place), answered)
  end)
end

--- Runs a part of a buffer, or the text in `code`. Output is drawn as it arrives.
---@param opts? kernel_bridge.RunOpts
---@param answered? fun(failed: lsp.ResponseError?, runs: kernel_bridge.Run[]?): boolean? true: show no error message
function M.run(opts, answered)
  opts = opts or {}
  local bufnr = here.buffer(opts)
  if (opts.lines or opts.from) and bufnr ~= here.resolve(opts.bufnr) then
    return client.notify("these lines are output; select lines of code instead", vim.log.levels.WARN)
  end
  if notebook.is_raw(bufnr) then
    return notebook.offer(bufnr)
  end
  opts = with_defined(bufnr, opts)
  local place = opts.from or (opts.lines and { opts.lines[2] - 1, 0 }) or here.cursor(bufnr)
  if opts.kernel then
    return send_elsewhere(bufnr, opts, place, answered)
  end
  send(bufnr, opts, place, answered)
end

return M
