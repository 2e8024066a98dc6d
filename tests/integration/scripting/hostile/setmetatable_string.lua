--: runtime or refused
setmetatable(string, {})
