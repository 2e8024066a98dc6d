-- A product's stock changed. `low` decides whether an alert goes out.
local threshold = new.low_stock_threshold or 5
return {
  action = "inventory_updated",
  product_id = new.product_id,
  old_stock = old.stock_quantity,
  new_stock = new.stock_quantity,
  low = new.stock_quantity <= threshold,
}
