--: refused
os.exit(1)
