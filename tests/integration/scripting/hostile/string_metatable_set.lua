--: runtime or refused
getmetatable('').__index = nil
