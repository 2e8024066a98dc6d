--: result or stack or ok
local function f() local ok, e = pcall(f) return ok, e end return f()
