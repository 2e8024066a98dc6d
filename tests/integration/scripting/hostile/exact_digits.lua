--: runtime
local x = exact('9007199254740993') while true do x = x * x end
