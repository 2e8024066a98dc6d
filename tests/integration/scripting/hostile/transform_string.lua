--: result, transform
return 'x'
