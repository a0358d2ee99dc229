--- Times as the server sends them, and as a person reads them.

local M = {}

--- Seconds since 1970 of a time as the server says it (ISO 8601, UTC).
---@param iso string
---@return number
function M.epoch(iso)
  local year, month, day, hour, minute, second = iso:match("^(%d+)-(%d+)-(%d+)T(%d+):(%d+):([%d.]+)")
  local whole, part = math.modf(tonumber(second))
  local as_local = os.time({
    year = year,
    month = month,
    day = day,
    hour = hour,
    min = minute,
    sec = whole,
    isdst = false,
  })
  local back = os.date("!*t", as_local) --[[@as osdateparam]]
  back.isdst = false
  return as_local + (as_local - os.time(back)) + part
end

---@param seconds number
---@return string
function M.duration(seconds)
  if seconds < 0.9995 then
    return ("%d ms"):format(math.floor(seconds * 1000 + 0.5))
  elseif seconds < 60 then
    return ("%.1f s"):format(seconds)
  elseif seconds < 3600 then
    return ("%d min %02d s"):format(seconds / 60, seconds % 60)
  end
  return ("%d h %02d min"):format(seconds / 3600, seconds % 3600 / 60)
end

return M
