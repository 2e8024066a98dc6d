--: stack
local t t = setmetatable({}, {__index = function(_, k) return (k:gsub('.', t)) end}) return (('x'):gsub('.', t))
