DROP TABLE journal_gaps;
DROP TABLE journal_positions;
DROP TABLE journal_shapes;
DROP TABLE journal_events;
DROP TABLE journal_partitions;
