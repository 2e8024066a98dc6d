--: result, transform
return {[{}] = 1}
