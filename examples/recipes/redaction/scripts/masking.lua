-- Shared by all scripts that hide something.
local masking = {}

function masking.email(address)
  if address == nil then return null end
  local first, domain = address:match("^(.).*(@.+)$")
  if not first then return "***" end
  return first .. "***" .. domain
end

function masking.last_four(text)
  if text == nil then return null end
  return ("*"):rep(math.max(#text - 4, 0)) .. text:sub(-4)
end

return masking
