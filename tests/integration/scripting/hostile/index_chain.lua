--: time_limit
local t = {} for i = 1, 50 do t = setmetatable({}, {__index = t}) end while true do local x = t.a end
