--: stack
local t t = setmetatable({}, {__tostring = function() log.info(t) return 'x' end}) log.info(t)
