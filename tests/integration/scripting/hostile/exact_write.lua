--: runtime
local x = 9007199254740993 x[1] = 2
