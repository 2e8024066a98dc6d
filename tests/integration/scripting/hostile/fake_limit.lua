--: runtime
error('s:1: time limit of 1 s exceeded')
