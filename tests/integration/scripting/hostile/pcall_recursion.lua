--: result or stack or ok
local function f() return pcall(f) end return f()
