--: result
return 1
