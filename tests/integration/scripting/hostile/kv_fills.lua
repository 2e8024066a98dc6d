--: runtime
for i = 1, 1e6 do kv.set('k' .. i, ('x'):rep(1000)) end
