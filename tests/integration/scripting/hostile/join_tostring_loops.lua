--: time_limit
return text.join({setmetatable({}, {__tostring = function() while true do end end})}, ',')
