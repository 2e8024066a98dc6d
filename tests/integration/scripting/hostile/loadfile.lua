--: refused
return loadfile('/etc/passwd')
