--: runtime
return unpack({}, 1, 1e7)
