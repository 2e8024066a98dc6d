--: runtime
kv.add('n', math.huge)
