--: runtime
kv.add('n', 0 / 0)
