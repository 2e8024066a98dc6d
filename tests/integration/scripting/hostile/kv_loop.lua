--: time_limit
while true do kv.get('x') end
