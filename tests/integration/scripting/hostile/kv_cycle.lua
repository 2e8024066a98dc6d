--: runtime
local t = {} t.t = t kv.set('k', t)
