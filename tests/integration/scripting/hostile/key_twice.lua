--: result, transform
return {[7] = 1, ['7'] = 2}
