--: runtime
for i = 1, 1e6 do kv.set('k' .. i, i) end
