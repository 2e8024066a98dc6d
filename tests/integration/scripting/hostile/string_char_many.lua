--: runtime
return #string.char(unpack({}, 1, 8000)) > 0
