#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/batch.h"

namespace rowhook {

struct Appended {
  std::uint64_t first_seq = 0, last_seq = 0;  // 0 when nothing was new
  std::size_t count = 0;                      // events that were new
  std::size_t duplicates = 0;                 // redelivered and ignored
};

struct EventFilter {
  std::string source, event_type, table, record_id;  // "" = any; record_id as JSON text or bare text
  std::optional<Micros> from, to;                    // by timestamp, [from, to)
  std::uint64_t before_seq = UINT64_MAX;             // the cursor of a listing, newest first
  std::uint64_t from_seq = 0;
  std::size_t skip = 0, limit = 100;
};

struct Gap {
  std::string source, from, to, reason, remedy;
  Micros at = 0;
};

struct JournalStatus {
  std::uint64_t first_seq = 0, last_seq = 0;  // 0, 0 when empty
  std::uint64_t bytes = 0, budget_bytes = 0;
  bool full = false;    // capture is paused until routing or retention frees room
  std::string trouble;  // "" or why appends fail right now (disk full, failed fsync)
};

// The engine's own durable log of events. An append is one fsynced transaction of events and source position;
// when it returns, both survive power loss; when it throws TransientError, neither was written and it may be
// tried again. Two implementations (SQLite segments, PostgreSQL), one conformance suite. Thread safety: safe
// to share; appends are serialised inside.
class Journal {
 public:
  virtual ~Journal() = default;
  // Assigns seq (consecutive over all sources), writes, wakes readers. Events at or before the source's last
  // journaled (order, ordinal) are redeliveries: counted, not written. Events with an empty order (posted)
  // are looked up by id when `check_ids`. Sets seq in `batch.events` (of known posted events: the seq they
  // have); all else is moved out of them, but for the id of posted ones. The position never goes back: a
  // smaller one than is stored is ignored (forget() comes before a source starts anew).
  virtual Appended append(const std::string& source, Batch& batch, bool check_ids = false) = 0;
  virtual Resume resume(const std::string& source) = 0;

  // Events with seq >= from_seq in order, until `limit` events or `max_bytes`. Recent ones come from memory.
  virtual std::vector<EventPtr> read(std::uint64_t from_seq, std::size_t limit, std::size_t max_bytes) = 0;
  // Waits until an event with seq >= from_seq exists or the time is up; returns last_seq().
  virtual std::uint64_t wait(std::uint64_t from_seq, std::chrono::milliseconds time) = 0;
  virtual std::uint64_t last_seq() const = 0;

  virtual EventPtr find(std::string_view event_id) = 0;               // null when unknown or beyond retention
  virtual EventPtr at(std::uint64_t seq) = 0;                         // likewise
  virtual std::vector<EventPtr> list(const EventFilter& filter) = 0;  // newest first
  virtual std::uint64_t count(const EventFilter& filter) = 0;  // may be capped at 10000 for wide filters

  virtual void record_gap(const Gap& gap) = 0;
  virtual std::vector<Gap> gaps(const std::string& source = {}) = 0;
  // Drops the position, so that the source starts anew; keeps Resume::state, by which it knows what came
  // before.
  virtual void forget(const std::string& source) = 0;

  // Everything below `low_water` has been executed; retention may drop it when it is too old or too much.
  virtual void set_low_water(std::uint64_t low_water) = 0;
  virtual JournalStatus status() const = 0;
};

struct Retention {
  std::chrono::milliseconds max_age{std::chrono::hours{24 * 7}};
  std::uint64_t max_bytes = 10ULL << 30;
};

// Segments `%016x.db` in `directory` (DATA_DIR/journal), SQLite in WAL mode with synchronous=FULL.
std::unique_ptr<Journal> open_sqlite_journal(const std::string& directory, const Retention& retention,
                                             const Clock& clock);
// Tables journal_events, journal_positions, journal_shapes, journal_gaps of the store's database (see
// db/migrations).
std::unique_ptr<Journal> open_postgres_journal(const std::string& url, const Retention& retention,
                                               const Clock& clock);

}  // namespace rowhook
