--: rejected
table.sort({3, 2, 1}, function() event.reject('no') end)
