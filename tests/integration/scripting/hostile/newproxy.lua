--: refused
return newproxy(true)
