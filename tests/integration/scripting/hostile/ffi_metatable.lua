--: runtime
local m = getmetatable(9007199254740993) m.x = 1
