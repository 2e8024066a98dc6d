--: result, transform
return {[math.huge] = 1}
