--: result
local x = 1
