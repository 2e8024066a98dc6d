--: runtime or refused
rawset(string, 'x', 1)
