--: syntax
true --[[
