--: time_limit
while true do local ok, e = pcall(function() while true do end end) error(e) end
