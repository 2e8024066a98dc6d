--: stack
local t t = setmetatable({}, {__tostring = function() return string.format('%s.', t) end}) return tostring(t)
