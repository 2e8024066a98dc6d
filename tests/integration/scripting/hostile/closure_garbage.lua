--: time_limit
while true do local f = function() end end
