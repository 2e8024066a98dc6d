--: runtime
kv.set('k', print)
