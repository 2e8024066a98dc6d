--: refused, line 2
new.id = 1
