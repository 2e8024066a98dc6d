--: time_limit
while true do local t = {} end
