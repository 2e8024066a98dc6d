--: refused
kv.x = 1
