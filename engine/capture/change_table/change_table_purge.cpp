// How acknowledged changes leave the user's file: members of SqliteChangeSource.
#include <algorithm>

#include "engine/capture/change_table/sqlite_change_source.h"

namespace rowhook {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A chunk holds the write lock for about a millisecond; between two chunks a waiting writer gets it.
constexpr std::int64_t chunk_rows = 1000;
constexpr int chunks_at_once = 8;
constexpr milliseconds quiet_time{50};
constexpr milliseconds pause_when_busy{20};
constexpr milliseconds pause_when_broken{1000};

// In rollback-journal mode a commit also stops readers and costs several fsyncs: more rows at once, less
// often.
struct Pace {
  std::int64_t rows;
  milliseconds interval;
};
constexpr Pace wal_pace{4000, milliseconds{1000}};
constexpr Pace rollback_pace{20000, milliseconds{5000}};

}  // namespace

bool SqliteChangeSource::purge_due(Time now) const {
  if (acknowledged_ <= purged_ || now < purge_not_before_) return false;
  const Pace& pace = wal_ ? wal_pace : rollback_pace;
  return acknowledged_ - purged_ >= pace.rows || now - last_foreign_write_ >= quiet_time ||
         now - last_purge_ >= pace.interval;
}

void SqliteChangeSource::purge() {
  last_purge_ = steady_clock::now();
  try {
    for (int chunk = 0; chunk < chunks_at_once && acknowledged_ > purged_; ++chunk) purge_chunk();
  } catch (const DatabaseBusy&) {
    purge_not_before_ = steady_clock::now() + pause_when_busy;  // the user's writer comes first
  } catch (const PermanentError&) {
    purge_not_before_ =
        steady_clock::now() + pause_when_broken;  // a dropped table, a file that is gone: read() says so
  }
}

void SqliteChangeSource::purge_chunk() {
  SqliteTransaction change(handle_, SqliteTransaction::Kind::write);
  // Only what is ours: after a restore these ids belong to changes that nobody has read.
  {
    const SqliteCursorUse use_state(select_state_), use_mark(select_mark_);
    if (!select_state_.step() || select_state_.bytes(0) != token_) return;
    if (!select_mark_.bind(1, last_).step() || select_mark_.real(0) != mark_) return;
  }
  // Ids have no holes but those that somebody else made; the row we stop at must be there, it is the one to
  // count on from.
  const std::int64_t upto = handle_.integer("SELECT min(id) FROM _rowhook_changes WHERE id >= " +
                                            std::to_string(std::min(acknowledged_, purged_ + chunk_rows)));
  if (upto > acknowledged_) return;
  delete_rows_.bind(1, upto).run();
  handle_.execute(
      "UPDATE _rowhook_state SET (acknowledged, mark) = (SELECT id, at FROM _rowhook_changes WHERE id = " +
      std::to_string(upto) + ")");
  change.commit();
  purged_ = upto;
}

}  // namespace rowhook
