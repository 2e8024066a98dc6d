--: refused
return dofile('/etc/passwd')
