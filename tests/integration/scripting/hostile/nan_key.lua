--: result or runtime, transform
return {[0/0] = 1}
