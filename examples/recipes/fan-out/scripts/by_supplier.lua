local suppliers = { A = "acme", B = "globex" }
local lines = {}
for _, line in ipairs(new.items) do
  local supplier = suppliers[line.sku:sub(1, 1)]
  if not supplier then error("no supplier has " .. line.sku) end
  lines[supplier] = lines[supplier] or array()
  table.insert(lines[supplier], { sku = line.sku, quantity = line.quantity })
end
return { order = new.id, lines = lines }
