--: memory_limit or time_limit or killed
local t = {} t[1] = 1 for i = 1, 6e7 do t[i] = true end return true
