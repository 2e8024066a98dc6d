--: refused
setfenv(1, {})
