--: refused
string.upper = string.lower
