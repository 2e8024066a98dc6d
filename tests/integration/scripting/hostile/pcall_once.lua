--: time_limit
pcall(function() while true do end end) return true
