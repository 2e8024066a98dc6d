-- setup
CREATE TABLE numbers (id int PRIMARY KEY, s smallint, i int, b bigint, n numeric, r real, d double precision, o oid, m money);
CREATE TABLE texts (id int PRIMARY KEY, t text, v varchar(10), c char(5), y bytea, f boolean, u uuid, j json, jb jsonb);
CREATE TABLE times (id int PRIMARY KEY, d date, t time, tt timetz, ts timestamp, tz timestamptz, iv interval);
CREATE TABLE arrays (id int PRIMARY KEY, i int[], t text[], n numeric[], b boolean[], y bytea[], z timestamptz[], j jsonb[], x box[], u uuid[]);
CREATE PUBLICATION golden FOR TABLE numbers, texts, times, arrays;
SET TimeZone = 'UTC';
-- changes
INSERT INTO numbers VALUES (1, -32768, -2147483648, -9223372036854775808, 0.1000000000000000000001, 0.1, 1e300, 4294967295, -1234.5), (2, 32767, 2147483647, 9223372036854775807, repeat('9', 400)::numeric, 'NaN', 'Infinity', 0, 0), (3, NULL, NULL, NULL, 'NaN', '-Infinity', -0.0, NULL, NULL), (4, 0, 0, 0, 'Infinity', 1e-30, 1e15, 1, 1);
INSERT INTO texts VALUES (1, E'line\nbreak\ttab "q" \\ é 日本', 'v', 'c', '\x00ff10', true, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', E'{"a": 1e400,\n "b":[1,null]}', '{"a":1e400,"é":"x"}'), (2, '', NULL, '', '', false, NULL, 'null', '[]');
INSERT INTO times VALUES (1, '2024-02-29', '24:00:00', '10:00:00+02', '2024-02-29 10:00:00.5', '2024-02-29 10:00:00.5+02', '1 year 2 mons 3 days 04:05:06.7'), (2, 'infinity', '00:00:00.000001', '23:59:59-15:59', '-infinity', 'infinity', '-1 days'), (3, '0044-03-15 BC', NULL, NULL, '0044-03-15 12:00:00 BC', '0044-03-15 12:00:00+00 BC', NULL), (4, '12345-01-01', NULL, NULL, '12345-01-01', '12345-01-01 00:00:00+00', '0');
INSERT INTO arrays VALUES (1, '{1,NULL,3}', '{"a b","c\"d","e\\f",NULL,"NULL","",é}', '{0.1000000000000000000001,NaN}', '{t,f,NULL}', ARRAY['\x00ff'::bytea], ARRAY['2024-02-29 10:00:00+00'::timestamptz, 'infinity'], ARRAY['{"a":[1,2]}'::jsonb, 'null'], ARRAY['(1,2),(3,4)'::box, '(0,0),(1,1)'], ARRAY['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid]), (2, '{{1,2},{3,NULL}}', '{}', '[5:6]={1,2}', '{{{t}}}', '{}', NULL, '{}', '{}', '{}');
