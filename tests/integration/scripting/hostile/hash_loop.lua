--: time_limit
while true do hash.sha256('x') end
