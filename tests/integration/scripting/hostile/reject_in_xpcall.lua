--: rejected
xpcall(event.reject, function() return 1 end, 'no') return true
