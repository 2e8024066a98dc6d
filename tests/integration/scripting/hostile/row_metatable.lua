--: runtime or refused
getmetatable(new).__index = nil
