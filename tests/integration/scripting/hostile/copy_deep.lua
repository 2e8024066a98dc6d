--: runtime or stack or ok
local t = {} for i = 1, 20000 do t = {t} end copy(t) return true
