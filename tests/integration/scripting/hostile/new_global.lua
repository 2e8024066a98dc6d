--: refused, line 2
x = 1
