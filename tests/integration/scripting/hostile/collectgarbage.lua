--: refused
collectgarbage('stop')
