--: memory_limit, line 3
local a = 1
local b = ('x'):rep(1e9)
return true
