--: refused
return load('return 1')
