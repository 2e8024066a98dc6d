--: refused
return debug.getregistry()
