--: runtime
error('\0\255\n')
