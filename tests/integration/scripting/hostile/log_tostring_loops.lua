--: time_limit
log.info(setmetatable({}, {__tostring = function() while true do end end}))
