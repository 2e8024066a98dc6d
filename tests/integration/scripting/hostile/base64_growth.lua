--: memory_limit or time_limit or killed
local s = ('x'):rep(1e6) while true do s = hash.base64_encode(s) end
