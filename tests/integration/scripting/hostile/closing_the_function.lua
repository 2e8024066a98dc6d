--: syntax
return 1 end, function()
