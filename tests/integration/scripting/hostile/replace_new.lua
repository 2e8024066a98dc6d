--: refused
event.table = 'x'
