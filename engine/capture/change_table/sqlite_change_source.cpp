#include "engine/capture/change_table/sqlite_change_source.h"

#include <sys/stat.h>

#include <bit>
#include <nlohmann/json.hpp>

#include "engine/base/backoff.h"
#include "engine/base/log.h"

namespace rowhook {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How often we look by ourselves. A write to the WAL wakes us before the commit makes it visible, so then we
// look often for a while, and a little longer now and then in case its fsync is slow.
constexpr milliseconds look_when_hot{1}, hot_time{30};
constexpr milliseconds look_when_warm{10}, warm_time{1000};
constexpr milliseconds look_when_idle{250}, look_when_blind{20};
constexpr milliseconds busy_pause{10};
constexpr std::size_t max_batch_bytes = 4 << 20;
constexpr std::size_t max_silent_rows =
    10000;  // filtered rows after which the position is worth a journal write

std::string hex(std::uint64_t value) {
  std::string out(16, '0');
  for (std::size_t i = 16; i-- > 0; value >>= 4) out[i] = "0123456789abcdef"[value & 15];
  return out;
}

struct PackedState {
  std::string token, mark;
  std::int64_t epoch = 0;
};
PackedState unpack_state(const std::string& state) {
  const auto json = nlohmann::json::parse(state, nullptr, false);
  if (!json.is_object()) return {};
  return {json.value("token", ""), json.value("mark", ""), json.value("epoch", std::int64_t{0})};
}

std::string mark_text(double time) { return hex(std::bit_cast<std::uint64_t>(time)); }

}  // namespace

SqliteChangeSource::SqliteChangeSource(const SourceSettings& settings, const Clock& clock)
    : settings_(settings),
      clock_(clock),
      watches_(sqlite_watches(settings)),
      decoder_(settings_, watches_, clock_) {}

SqliteChangeSource::~SqliteChangeSource() { close(); }

void SqliteChangeSource::close() {
  if (!handle_) return;
  try {
    purge();
  } catch (const Error& error) {
    log::debug("acknowledged changes are left in the database for now", {{"reason", error.what()}});
  }
  for (auto* cursor :
       {&data_version_, &schema_version_, &select_state_, &select_mark_, &select_rows_, &delete_rows_})
    *cursor = SqliteCursor();
  handle_ = SqliteHandle();
}

std::optional<SqliteChangeSource::FileIdentity> SqliteChangeSource::file_on_disk() const {
  struct stat status {};
  if (::stat(settings_.database.c_str(), &status) != 0) return std::nullopt;
  return FileIdentity{status.st_dev, status.st_ino};
}

void SqliteChangeSource::open(const Resume& resume) {
  close();
  const auto identity = file_on_disk();
  if (!identity)
    throw TransientError(
        "there is no file " + settings_.database,
        "create the database, or correct \"database\" of the connection " + settings_.connection);
  identity_ = *identity;
  watch_.watch(settings_.database);
  handle_ = SqliteHandle(settings_.database, true);
  const auto deadline = steady_clock::now() + settings_.query_timeout;
  for (;;) {
    try {
      attach(resume);
      return;
    } catch (const DatabaseBusy& error) {
      if (steady_clock::now() > deadline)
        throw TransientError(std::string("somebody holds a lock: ") + error.what(),
                             "end the transaction that keeps the database locked");
      if (watch_.wait(busy_pause) == SqliteFileWatch::Wake::interrupted) throw;
    }
  }
}

void SqliteChangeSource::attach(const Resume& resume) {
  prepare_session();
  const auto before = parse_sqlite_change_order(resume.position);
  const auto last_order = parse_sqlite_change_order(resume.last_order);
  if (before) {
    // Nothing to write in the usual case: the user's writers do not notice a restart.
    const SqliteTransaction look(handle_, SqliteTransaction::Kind::read);
    const auto state = read_change_table_state(handle_);
    check_continuity(resume, state.value_or(ChangeTableState{}));
    if (change_triggers_in_line(handle_, watches_)) {
      use(*state, before->id);
      return;
    }
  }
  SqliteTransaction change(handle_, SqliteTransaction::Kind::write);
  if (before) {
    const auto state = read_change_table_state(handle_);
    check_continuity(resume, state.value_or(ChangeTableState{}));
    bring_change_triggers_in_line(handle_, watches_, settings_.track_schema_changes);
    use(*state, before->id);
  } else {
    // Behind a recorded gap the position is forgotten; no event id of before may come again, whatever the
    // clock says.
    take_over(std::max(unpack_state(resume.state).epoch, last_order ? last_order->epoch : 0) + 1);
  }
  change.commit();
}

void SqliteChangeSource::take_over(std::int64_t epoch) {
  const Random random = system_random();
  const auto state = take_over_change_tables(handle_, std::max<std::int64_t>(epoch, clock_.now()),
                                             hex(random()) + hex(random()));
  bring_change_triggers_in_line(handle_, watches_, settings_.track_schema_changes);
  use(state, state.acknowledged);
  unreported_ = true;  // so that the journal knows at once where this installation begins
  unreported_rows_ = max_silent_rows;
}

void SqliteChangeSource::prepare_session() {
  wal_ = handle_.text("PRAGMA journal_mode") == "wal";
  // What we write is only the deletion of acknowledged changes: in a WAL it may be lost, but must not be half
  // done.
  handle_.execute(wal_ ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL");
  data_version_ = handle_.prepare("PRAGMA data_version");
  schema_version_ = handle_.prepare("PRAGMA schema_version");
}

void SqliteChangeSource::check_continuity(const Resume& resume, const ChangeTableState& state) {
  const ChangeOrder position = *parse_sqlite_change_order(resume.position);
  const PackedState known = unpack_state(resume.state);
  epoch_ = position.epoch;
  last_ = position.id;
  if (state.token.empty())
    lose("the change tables are not in the file: it was replaced, restored, or they were dropped");
  if (state.token != known.token || state.epoch != position.epoch)
    lose(
        "the file belongs to another installation: it was replaced or restored, or another engine or "
        "connection reads it");
  if (state.acknowledged > position.id)
    lose("changes up to " + sqlite_change_order(epoch_, state.acknowledged) +
         " were acknowledged before, but the journal ends earlier");
  SqliteCursor mark = handle_.prepare("SELECT at FROM _rowhook_changes WHERE id = ?1");
  if (!mark.bind(1, position.id).step() || mark_text(mark.real(0)) != known.mark)
    lose(
        "the last journaled change is not in the file any more: it was restored from a backup, or its change "
        "table was emptied");
}

void SqliteChangeSource::use(const ChangeTableState& state, std::int64_t last) {
  token_ = state.token;
  epoch_ = state.epoch;
  last_ = last;
  acknowledged_ = last;
  purged_ = state.acknowledged;
  select_state_ = handle_.prepare("SELECT token FROM _rowhook_state WHERE id = 1");
  select_mark_ = handle_.prepare(
      "SELECT at, (SELECT max(id) FROM _rowhook_changes) FROM _rowhook_changes WHERE id = ?1");
  select_rows_ = handle_.prepare("SELECT * FROM _rowhook_changes WHERE id > ?1 ORDER BY id");
  delete_rows_ = handle_.prepare("DELETE FROM _rowhook_changes WHERE id < ?1");
  const SqliteCursorUse hold(select_mark_);
  mark_ = select_mark_.bind(1, last_).step() ? select_mark_.real(0) : 0;
  safe_ = last_;
  safe_mark_ = mark_;
  decoder_.use(epoch_, read_change_layouts(handle_));
  decoder_.settle();
  seen_schema_version_ = handle_.integer("PRAGMA schema_version");
  seen_data_version_ = -1;
  drained_ = false;
  unreported_ = false;
  unreported_rows_ = 0;
  last_foreign_write_ = last_purge_ = purge_not_before_ = steady_clock::now();
}

void SqliteChangeSource::lose(const std::string& reason) {
  throw GapError(settings_.database + ": " + reason, sqlite_change_order(epoch_, last_), "",
                 "compare the watched tables with what was made of their events, then resume the source " +
                     settings_.source + ": it goes on with the file as it is now");
}

bool SqliteChangeSource::changed_by_others() {
  try {
    const SqliteCursorUse use_version(data_version_);
    data_version_.step();
    const std::int64_t version = data_version_.integer(0);
    if (version == seen_data_version_) return false;
    seen_data_version_ = version;
    last_foreign_write_ = steady_clock::now();
    return true;
  } catch (const DatabaseBusy&) {
    return false;  // a writer commits in rollback-journal mode; its write woke us, and we look again soon
  }
}

Batch SqliteChangeSource::read(milliseconds wait) {
  const auto deadline = steady_clock::now() + wait;

  for (;;) {
    if (changed_by_others()) drained_ = false;
    if (!drained_) {
      Batch batch = read_changes();
      if (!batch.events.empty()) return batch;
      if (unreported_ && unreported_rows_ >= max_silent_rows) return position_only();
    }
    if (drained_ && file_on_disk() != identity_)
      lose(file_on_disk() ? "the file was replaced by another one" : "the file was deleted");
    const auto now = steady_clock::now();
    if (purge_due(now)) purge();
    if (now >= deadline) return position_only();
    auto nap = watch_.notices_writes() ? look_when_idle : look_when_blind;
    if (now < last_write_seen_ + warm_time) nap = std::min(nap, look_when_warm);
    if (now < last_write_seen_ + hot_time || !drained_) nap = look_when_hot;
    if (acknowledged_ > purged_) nap = std::min(nap, look_when_blind);
    nap = std::min(nap, std::chrono::ceil<milliseconds>(deadline - now));
    switch (watch_.wait(nap)) {
      case SqliteFileWatch::Wake::interrupted:
        return position_only();
      case SqliteFileWatch::Wake::written:
        last_write_seen_ = steady_clock::now();
        break;
      case SqliteFileWatch::Wake::time:
        break;
    }
  }
}

Batch SqliteChangeSource::read_changes() {
  Batch batch;
  try {
    {
      const SqliteTransaction look(handle_, SqliteTransaction::Kind::read);
      const SqliteCursorUse use_version(schema_version_);
      schema_version_.step();
      if (schema_version_.integer(0) == seen_schema_version_) {
        read_rows(batch);
        return batch;
      }
    }
    mend_schema();
    const SqliteTransaction look(handle_, SqliteTransaction::Kind::read);
    read_rows(batch);
  } catch (const DatabaseBusy&) {
    drained_ = false;  // nothing was read yet: once a row came, SQLite holds its lock for us
  }
  return batch;
}

void SqliteChangeSource::read_rows(Batch& batch) {
  check_mark();
  const SqliteCursorUse use_rows(select_rows_);
  select_rows_.bind(1, last_);
  std::size_t rows = 0;
  bool more = false, looked_up = false;
  while ((more = select_rows_.step())) {
    const std::int64_t layout = select_rows_.integer(1);
    if (!decoder_.knows(layout) && !looked_up) {
      decoder_.use(epoch_, read_change_layouts(handle_));
      looked_up = true;
    }
    decoder_.decode(select_rows_, batch);
    last_ = select_rows_.integer(0);
    mark_ = select_rows_.real(3);
    ++rows;
    if (batch.events.size() >= settings_.batch_size || batch.bytes >= max_batch_bytes ||
        rows >= max_silent_rows)
      break;
  }
  drained_ = !more;
  if (drained_) decoder_.settle();
  find_safe_position();
  lag_rows_ = lag_rows_ > rows ? lag_rows_ - rows : 0;
  if (drained_) lag_rows_ = 0;
  if (rows > 0) {
    unreported_ = true;
    unreported_rows_ += rows;
  }
  if (batch.events.empty()) return;
  average_bytes_ = batch.bytes / batch.events.size();
  report_position(batch);
}

// In the midst of a REPLACE the position stays before it: its deletions show only in what follows.
void SqliteChangeSource::find_safe_position() {
  const auto begin = decoder_.begin_again();
  safe_ = begin ? *begin - 1 : last_;
  safe_mark_ = mark_;
  if (!begin) return;
  const SqliteCursorUse use_mark(select_mark_);
  safe_mark_ = select_mark_.bind(1, safe_).step() ? select_mark_.real(0) : 0;
}

// The last change we read must still be what it was, and ours; otherwise the history of the file is another
// one now.
void SqliteChangeSource::check_mark() {
  const SqliteCursorUse use_state(select_state_), use_mark(select_mark_);
  if (!select_state_.step() || select_state_.bytes(0) != token_)
    lose("another engine or connection reads this file now, or it was restored");
  if (!select_mark_.bind(1, last_).step() || mark_text(select_mark_.real(0)) != mark_text(mark_))
    lose(
        "the last change that was read is not in the file any more: it was restored from a backup, or its "
        "change table was emptied");
  lag_rows_ = static_cast<std::uint64_t>(std::max<std::int64_t>(0, select_mark_.integer(1) - last_));
}

// Somebody changed the schema: brings triggers and layouts in line. Throws DatabaseBusy when it has to be
// tried again.
void SqliteChangeSource::mend_schema() {
  {
    const SqliteTransaction look(handle_, SqliteTransaction::Kind::read);
    if (change_tables_present(handle_) && change_triggers_in_line(handle_, watches_)) {
      seen_schema_version_ = handle_.integer("PRAGMA schema_version");
      return;
    }
  }
  SqliteTransaction change(handle_, SqliteTransaction::Kind::write);
  const bool whole = change_tables_present(handle_) && read_change_table_state(handle_).has_value();
  if (!whole) {
    // Until they are back, every statement of the user on a watched table fails: first mend, then tell.
    const ChangeOrder at{epoch_, last_};
    take_over(at.epoch + 1);
    change.commit();
    epoch_ = at.epoch;
    last_ = at.id;
    lose("somebody dropped the change tables; they were made anew");
  }
  bring_change_triggers_in_line(handle_, watches_, settings_.track_schema_changes);
  decoder_.use(epoch_, read_change_layouts(handle_));
  const std::int64_t version = handle_.integer("PRAGMA schema_version");
  change.commit();
  seen_schema_version_ = version;
}

Batch SqliteChangeSource::position_only() {
  Batch batch;
  if (unreported_) report_position(batch);
  return batch;
}

void SqliteChangeSource::report_position(Batch& batch) {
  batch.position = sqlite_change_order(epoch_, safe_);
  batch.state = packed_state();
  unreported_ = false;
  unreported_rows_ = 0;
}

std::string SqliteChangeSource::packed_state() const {
  return R"({"token":")" + token_ + R"(","epoch":)" + std::to_string(epoch_) + R"(,"mark":")" +
         mark_text(safe_mark_) + "\"}";
}

void SqliteChangeSource::acknowledge(std::string_view position) {
  const auto order = parse_sqlite_change_order(position);
  if (order && order->epoch == epoch_) acknowledged_ = std::max(acknowledged_, order->id);
  if (handle_ && purge_due(steady_clock::now())) purge();
}

void SqliteChangeSource::idle(milliseconds wait) {
  const auto deadline = steady_clock::now() + wait;
  for (auto now = steady_clock::now(); now < deadline; now = steady_clock::now())
    if (watch_.wait(std::chrono::duration_cast<milliseconds>(deadline - now) + milliseconds{1}) ==
        SqliteFileWatch::Wake::interrupted)
      return;
}

}  // namespace rowhook
