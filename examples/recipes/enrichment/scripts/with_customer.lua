-- `item` is what the SELECT gave: rows and their number. A customer nobody knows is a guest.
local customer = item.rows[1] or { name = "guest", tier = "none" }
return { order = new.id, total = new.total_amount, customer = customer.name, tier = customer.tier }
