#include "engine/journal/sqlite_journal.h"

#include "engine/journal/sqlite_storage.h"

namespace rowhook {

std::unique_ptr<Journal> open_sqlite_journal(const std::string& directory,
                                             const SqliteJournalOptions& options, const Clock& clock) {
  return std::make_unique<DurableLog>(std::make_unique<SqliteStorage>(directory, options, clock),
                                      options.log);
}

std::unique_ptr<Journal> open_sqlite_journal(const std::string& directory, const Retention& retention,
                                             const Clock& clock) {
  SqliteJournalOptions options;
  options.log.retention = retention;
  return open_sqlite_journal(directory, options, clock);
}

}  // namespace rowhook
