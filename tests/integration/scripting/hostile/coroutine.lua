--: refused
return coroutine.wrap(function() end)
