--: result, transform
local a, b = {}, {} a.b = b b.a = {a} return a
