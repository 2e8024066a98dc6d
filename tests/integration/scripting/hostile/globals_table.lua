--: refused
return _G.string
