--: ok
return tostring({}) == 'table' and tostring(print) == 'function'
