--: refused
jit.on()
