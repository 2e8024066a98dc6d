--: ok, transform
return {[1] = 1, [1e9] = 2}
