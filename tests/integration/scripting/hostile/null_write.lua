--: runtime or refused
null.x = 1
