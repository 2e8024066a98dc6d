--: result, transform
return {x = math.huge}
