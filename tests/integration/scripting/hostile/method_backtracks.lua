--: killed
return new.status:rep(9000):find('.-.-.-.-!')
