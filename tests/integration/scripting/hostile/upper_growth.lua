--: memory_limit
local s = ('x'):rep(1.8e7) return #s:upper()
