--: runtime
kv.set(('x'):rep(1e6), 1)
