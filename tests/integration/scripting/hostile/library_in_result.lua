--: result, transform
return {f = string}
