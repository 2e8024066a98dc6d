--: memory_limit
local s = ('x'):rep(1e7) return #(s .. s .. s .. s)
