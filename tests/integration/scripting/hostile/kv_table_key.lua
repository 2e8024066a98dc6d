--: runtime
kv.set({}, 1)
