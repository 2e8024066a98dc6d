--: refused, line 2
return io.open('/etc/passwd')
