--: runtime
error({code = 1})
