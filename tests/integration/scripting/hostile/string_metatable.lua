--: runtime or refused
getmetatable('').__index.upper = nil
