#pragma once

#include "engine/journal/durable_log.h"

namespace rowhook {

// Settings of the PostgreSQL journal that only tests and benchmarks change.
struct PostgresJournalOptions {
  DurableLogOptions log;
  // A partition is made for as many events as will occupy about this much, between the two numbers.
  std::uint64_t partition_bytes = 128ULL << 20;
  std::uint64_t min_partition_events = 4096, max_partition_events = 262'144;
};
// Throws PermanentError when another engine uses the journal of this database, or when it has no tables for
// it.
std::unique_ptr<Journal> open_postgres_journal(const std::string& url, const PostgresJournalOptions& options,
                                               const Clock& clock);

}  // namespace rowhook
