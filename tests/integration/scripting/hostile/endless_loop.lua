--: time_limit, line 2
while true do end
