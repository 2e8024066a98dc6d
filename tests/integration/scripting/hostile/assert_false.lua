--: runtime
assert(false)
