--: refused, line 2
return os.execute('id')
