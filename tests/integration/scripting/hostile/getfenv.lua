--: refused
return getfenv(0)
