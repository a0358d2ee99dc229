--- The functions of the Lua API. |kernel_bridge.init| loads this module when one of them is first called.
---
--- Each returns immediately. Results arrive later: in callbacks, on the screen and as |User| events.

local file = require("kernel_bridge.api.file")
local info = require("kernel_bridge.api.info")
local kernel = require("kernel_bridge.api.kernel")
local result = require("kernel_bridge.api.result")
local run = require("kernel_bridge.api.run")
local shown = require("kernel_bridge.api.shown")
require("kernel_bridge.handlers") -- subscribes the drawing modules before a response reports a run

return vim.tbl_extend("error", run, kernel, result, shown, file, info) --[[@as kernel_bridge.Api]]
