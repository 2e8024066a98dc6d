--: runtime
kv.set('k', ('x'):rep(1e6))
