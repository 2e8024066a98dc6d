--: time_limit
while true do for k, v in pairs(new) do end end
