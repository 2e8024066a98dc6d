--: time_limit
return (pcall(pcall, pcall, function() while true do end end))
