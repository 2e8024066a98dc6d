--: runtime or refused
getmetatable(string).__newindex = nil
