--: time_limit
while true do pcall(error, 'x') end
