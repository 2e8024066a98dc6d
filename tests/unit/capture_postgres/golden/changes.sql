-- setup
CREATE TABLE orders (id bigint PRIMARY KEY, status text, total numeric(10,2), note text);
ALTER TABLE orders ALTER note SET STORAGE EXTERNAL;
CREATE TABLE audit (id int PRIMARY KEY, what text, doc text);
ALTER TABLE audit ALTER doc SET STORAGE EXTERNAL;
ALTER TABLE audit REPLICA IDENTITY FULL;
CREATE TABLE pairs (a int, b text, c int, PRIMARY KEY (a, b));
CREATE TABLE unwatched (id int PRIMARY KEY);
CREATE PUBLICATION golden FOR TABLE orders, audit, pairs, unwatched WITH (publish_via_partition_root = true);
-- changes
INSERT INTO orders VALUES (9007199254740993, 'new', 0.10, NULL), (2, 'Grüße "quoted"', 12.50, repeat('x', 3000));
UPDATE orders SET status = 'paid' WHERE id = 2;
UPDATE orders SET id = 3 WHERE id = 2;
DELETE FROM orders WHERE id = 3;
BEGIN; INSERT INTO audit VALUES (1, 'a', repeat('y', 3000)); SAVEPOINT s; INSERT INTO audit VALUES (2, 'undone', ''); ROLLBACK TO s; UPDATE audit SET what = 'b'; INSERT INTO unwatched VALUES (1); DELETE FROM audit; COMMIT;
INSERT INTO pairs VALUES (1, 'x', 10); UPDATE pairs SET c = 11; UPDATE pairs SET b = 'y';
ALTER TABLE orders ADD COLUMN express boolean; ALTER TABLE orders RENAME status TO state; INSERT INTO orders VALUES (5, 'new', 1, NULL, true);
TRUNCATE orders, unwatched;
