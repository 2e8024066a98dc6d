-- Which status may follow which. What is not in here is a mistake somebody should see: an error, never a quiet no.
local next_steps = {
  pending = { paid = true, cancelled = true },
  paid = { shipped = true, cancelled = true },
  shipped = { delivered = true },
}
local allowed = next_steps[old.status]
if not allowed or not allowed[new.status] then
  error("order " .. new.id .. " went from " .. old.status .. " to " .. new.status)
end
return true
