--: result, transform
return {x = 0/0}
