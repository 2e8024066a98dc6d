--: time_limit
while true do local x = new.id end
