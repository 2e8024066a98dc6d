--: time_limit, line 4
local a = 1

while true do a = a + 1 end
