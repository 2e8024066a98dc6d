--: killed
return (('a'):rep(20000)):gsub('a*a*a*b', '')
