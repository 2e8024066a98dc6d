--: time_limit
while true do copy(new) end
