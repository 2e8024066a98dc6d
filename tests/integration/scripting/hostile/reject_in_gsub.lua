--: rejected
return ('x'):gsub('x', function() event.reject('no') end)
