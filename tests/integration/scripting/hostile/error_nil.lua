--: runtime
error()
