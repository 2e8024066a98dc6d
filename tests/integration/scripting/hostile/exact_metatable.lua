--: result or runtime
return getmetatable(9007199254740993).__index
