--: runtime or refused
local n = 'j' .. 'it' return require(n)
