--: refused
return string.dump(function() end)
