--: refused
changed.id = true
