--: runtime or refused
rawset(new, 'id', 1)
