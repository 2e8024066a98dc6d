--: memory_limit, line 2
return #('x'):rep(1e9)
