--: result, transform
return {[true] = 1}
