--: refused
return ffi.C
