--: runtime or result
local t = {} for i = 1, 200 do t = setmetatable({}, {__index = t}) end return t.a
