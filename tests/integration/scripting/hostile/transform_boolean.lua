--: result, transform
return false
