-- true as soon as one column changed that is not a counter.
local counters = { last_viewed = true, view_count = true }
for column in pairs(changed) do
  if not counters[column] then return true end
end
return false
