--: refused, without this line
LJ