#pragma once

#include "engine/journal/durable_log.h"

namespace rowhook {

// Settings of the SQLite journal that only tests and benchmarks change.
struct SqliteJournalOptions {
  DurableLogOptions log;
  // A segment is sealed at whatever comes first. Larger ones cost memory (16 bytes per event of look-ups
  // until sealed), smaller ones cost files. Also limited to an eighth of the budget, so that retention has
  // something to drop.
  std::uint64_t segment_bytes = 64ULL << 20;
  std::uint64_t segment_events = 200'000;
  const char* vfs = nullptr;  // SQLite's file layer; nullptr is the system's
};
// Throws PermanentError when another process has the journal open, TransientError when the disk refuses.
std::unique_ptr<Journal> open_sqlite_journal(const std::string& directory,
                                             const SqliteJournalOptions& options, const Clock& clock);

}  // namespace rowhook
