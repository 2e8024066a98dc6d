--: refused
math.randomseed(1)
