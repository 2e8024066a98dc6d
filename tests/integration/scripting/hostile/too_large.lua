--: result, transform
return {x = ('x'):rep(2e6)}
