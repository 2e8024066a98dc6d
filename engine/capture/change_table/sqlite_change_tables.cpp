#include "engine/capture/change_table/sqlite_change_tables.h"

#include <filesystem>
#include <thread>

#include "engine/capture/change_table/change_table_checks.h"
#include "engine/capture/change_table/sqlite_change_source.h"

namespace rowhook {
namespace {

std::unique_ptr<Source> make_source(const SourceSettings& settings) {
  return std::make_unique<SqliteChangeSource>(settings, system_clock());
}

// Waits for the user's writers up to query_timeout.
void remove_capture(const SourceSettings& settings) {
  if (!std::filesystem::exists(settings.database)) return;
  SqliteHandle handle(settings.database, true);
  const auto deadline = std::chrono::steady_clock::now() + settings.query_timeout;
  for (;;) {
    try {
      SqliteTransaction change(handle, SqliteTransaction::Kind::write);
      remove_change_tables(handle);
      change.commit();
      return;
    } catch (const DatabaseBusy&) {
      if (std::chrono::steady_clock::now() > deadline) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
  }
}

}  // namespace

const SourceType sqlite_change_tables{.database = "sqlite",
                                      .method = "triggers",
                                      .make = make_source,
                                      .doctor = examine_sqlite,
                                      .remove = remove_capture};

}  // namespace rowhook
