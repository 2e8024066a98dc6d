--: runtime
error(print)
