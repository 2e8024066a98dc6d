--: refused
return loadstring('\27LJ')
