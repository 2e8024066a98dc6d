--: result, transform
return print
