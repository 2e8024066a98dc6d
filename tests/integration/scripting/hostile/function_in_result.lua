--: result, transform
return {f = print}
