--: memory_limit, line 2
local s = 'x' while true do s = s .. s end
