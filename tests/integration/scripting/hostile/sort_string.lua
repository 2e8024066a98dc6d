--: runtime or refused
table.sort(string)
