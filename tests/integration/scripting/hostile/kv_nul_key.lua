--: runtime
kv.set('a\0b', 1)
