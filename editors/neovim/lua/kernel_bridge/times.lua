--- Parses the server's times, and formats durations for the user.

local M = {}

--- Converts a time from the server (ISO 8601, UTC) to seconds since 1970.
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

--- Formats a time from the server: 14:02 of today, else 2026-11-27 14:02.
---@param iso string
---@return string
function M.day_and_time(iso)
  local seconds = math.floor(M.epoch(iso))
  local is_today = os.date("%Y-%m-%d", seconds) == os.date("%Y-%m-%d")
  return os.date(is_today and "%H:%M" or "%Y-%m-%d %H:%M", seconds) --[[@as string]]
end

--- Formats a past time, in the local zone: "14:02", "yesterday", "3 days ago", "2026-11-02".
---@param iso string
---@return string
function M.when(iso)
  local function day(time)
    local date = os.date("*t", time) --[[@as osdateparam]]
    return os.time({ year = date.year, month = date.month, day = date.day, hour = 12 })
  end
  local time = math.floor(M.epoch(iso))
  local days = math.floor((day(os.time()) - day(time)) / 86400 + 0.5)
  if days < 1 then
    return tostring(os.date("%H:%M", time))
  elseif days == 1 then
    return "yesterday"
  end
  return days < 15 and ("%d days ago"):format(days) or tostring(os.date("%Y-%m-%d", time))
end

--- Formats a duration as the server does: 3.4 s, 2 min 5 s, 1 h 2 min.
---@param seconds number at least 1
---@return string
function M.duration(seconds)
  if seconds < 59.95 then
    return ("%.1f s"):format(seconds)
  end
  local whole = math.floor(seconds + 0.5)
  if whole < 3600 then
    return ("%d min %d s"):format(whole / 60, whole % 60)
  end
  return ("%d h %d min"):format(whole / 3600, whole % 3600 / 60)
end

return M
