--: syntax
return 3i
