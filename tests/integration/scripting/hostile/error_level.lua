--: runtime
error('x', 50)
