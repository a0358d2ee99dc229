--- The text of a stream output. Appending costs time in proportion to the appended text, not to the whole.

local M = {}

---@class kernel_bridge.Text
---@field pieces string[] complete lines; each piece has one or more and ends with a newline
---@field newlines integer number of newlines in all pieces
---@field last string text after the last newline

local function newlines_of(text)
  local count, at = 0, 0
  while true do
    at = text:find("\n", at + 1, true)
    if not at then
      return count
    end
    count = count + 1
  end
end

---@param text string
---@return kernel_bridge.Text
function M.new(text)
  local self = { pieces = {}, newlines = 0, last = "" }
  M.add(self, text)
  return self
end

---@param self kernel_bridge.Text
---@param text string
function M.add(self, text)
  local stop = #text -- a pattern that ends in \n is ten times slower
  while stop > 0 and text:byte(stop) ~= 10 do
    stop = stop - 1
  end
  if stop == 0 then
    self.last = self.last .. text
    return
  end
  local piece = self.last .. text:sub(1, stop)
  self.pieces[#self.pieces + 1] = piece
  self.newlines = self.newlines + newlines_of(piece)
  self.last = text:sub(stop + 1)
end

--- Replaces the text after the last newline.
---@param self kernel_bridge.Text
---@param text string
function M.replace_last(self, text)
  self.last = ""
  M.add(self, text)
end

---@param self kernel_bridge.Text
---@return integer lines including a last one without newline
function M.count(self)
  return self.newlines + (self.last == "" and 0 or 1)
end

---@param self kernel_bridge.Text
---@return string
function M.whole(self)
  return table.concat(self.pieces) .. self.last
end

---@param self kernel_bridge.Text
---@param limit integer
---@return string[] lines the first `limit` lines
function M.head(self, limit)
  local lines = {}
  for _, piece in ipairs(self.pieces) do
    local at = 1
    while #lines < limit and at <= #piece do
      local newline = piece:find("\n", at, true)
      lines[#lines + 1] = piece:sub(at, newline - 1)
      at = newline + 1
    end
    if #lines >= limit then
      return lines
    end
  end
  if self.last ~= "" and #lines < limit then
    lines[#lines + 1] = self.last
  end
  return lines
end

---@param self kernel_bridge.Text
---@param limit integer
---@return string[] lines the last `limit` lines, in order
function M.tail(self, limit)
  local found = {}
  if self.last ~= "" and limit > 0 then
    found[1] = self.last
  end
  local index = #self.pieces
  while index > 0 and #found < limit do
    local piece = self.pieces[index]
    local stop = #piece -- the newline that ends the line
    while #found < limit and stop > 0 do
      local start = stop - 1
      while start > 0 and piece:byte(start) ~= 10 do
        start = start - 1
      end
      found[#found + 1] = piece:sub(start + 1, stop - 1)
      stop = start
    end
    index = index - 1
  end
  local lines = {}
  for at = #found, 1, -1 do
    lines[#lines + 1] = found[at]
  end
  return lines
end

return M
