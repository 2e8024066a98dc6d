--: time_limit
local x = 9007199254740993 while true do x = x + 1 end
