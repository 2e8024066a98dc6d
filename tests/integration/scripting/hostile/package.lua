--: refused
return package.loadlib('x', 'y')
