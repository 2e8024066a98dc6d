--: time_limit
while true do string.find('aaaaaaaaaa', 'a-b') end
