--: runtime
local x = 9007199254740993 return x()
