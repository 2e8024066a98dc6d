UPDATE orders SET status = 'paid' WHERE id = 1;
UPDATE orders SET status = 'shipped' WHERE id = 1;
UPDATE inventory SET stock_quantity = 3 WHERE product_id = 1;
