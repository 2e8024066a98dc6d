--: syntax or result
1) + (2
