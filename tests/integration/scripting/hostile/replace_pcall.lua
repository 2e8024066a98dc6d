--: refused
pcall = error
