--: time_limit
local t = {1} local k while true do k = next(t, k) end
