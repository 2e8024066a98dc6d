--: time_limit, line 2
local function f() return f() end return f()
