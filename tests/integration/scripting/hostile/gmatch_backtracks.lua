--: killed
for _ in (('a'):rep(20000)):gmatch('a*a*a*b') do end
