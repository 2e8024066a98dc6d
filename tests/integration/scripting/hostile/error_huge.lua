--: runtime
error(('x'):rep(1e6))
