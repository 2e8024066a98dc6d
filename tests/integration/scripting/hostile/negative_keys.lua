--: ok, transform
return {[-1] = 1, [0.5] = 2}
