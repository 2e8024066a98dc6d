--: result or stack or ok or time_limit
local function f() return xpcall(f, f) end return f()
