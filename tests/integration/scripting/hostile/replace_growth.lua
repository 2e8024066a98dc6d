--: memory_limit
return #text.replace(('x'):rep(1e6), 'x', ('y'):rep(1000))
