-- How the prompt of `rowhook script repl` shows a value.
return function(...)
  local shown = {}
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    local kind = type(value)
    if kind == "table" or kind == "string" then
      local ok, text = pcall(json.encode, value)
      shown[i] = ok and text or tostring(value)
    elseif kind == "function" then
      shown[i] = "function"
    else
      shown[i] = tostring(value)
    end
  end
  if #shown == 0 then shown[1] = "nothing" end
  return { shown = table.concat(shown, "  ") }
end
