--: result, transform
local t = {} t.t = t return t
