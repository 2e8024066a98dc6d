--: runtime or time_limit
while true do kv.set('k', 1) end
