--: rejected
event.reject(('x'):rep(1e6))
