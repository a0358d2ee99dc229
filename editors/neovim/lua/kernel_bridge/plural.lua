--- A count with its noun: "1 line", "2 lines".
---@param count integer
---@param noun string singular of a noun with a regular plural
---@return string
return function(count, noun)
  return ("%d %s%s"):format(count, noun, count == 1 and "" or "s")
end
