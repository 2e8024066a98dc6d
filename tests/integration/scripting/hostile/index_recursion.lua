--: stack or memory_limit
local t t = setmetatable({}, {__index = function(_, k) return t[k .. 'x'] .. 'y' end}) return t.a
