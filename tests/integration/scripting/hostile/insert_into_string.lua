--: runtime or refused
table.insert(string, 'x')
