--: runtime
return bit.band(9007199254740993, 1)
