#include "engine/journal/postgres_storage.h"

#include "engine/base/errors.h"
#include "engine/event/json_writer.h"
#include "engine/journal/copy_rows.h"
#include "engine/journal/stable_hash.h"

namespace rowhook {
namespace {

constexpr const char* advisory_lock = "7166200463612474186";  // "crowjrnJ"; any number nobody else uses
constexpr auto lock_patience = std::chrono::seconds{5};       // a killed engine's session ends within that
constexpr std::int16_t event_columns = 9;
constexpr const char* copy_statement =
    "COPY journal_events (seq, shape_id, event_type, event_time, captured_at, id_hash, key_hash, posted, "
    "body)"
    " FROM STDIN (FORMAT binary);";

std::int64_t signed_hash(std::string_view bytes) { return static_cast<std::int64_t>(stable_hash(bytes)); }

}  // namespace

PostgresStorage::PostgresStorage(std::string url, const PostgresJournalOptions& options, const Clock& clock)
    : url_(std::move(url)), options_(options), clock_(clock) {}

// ---- the writing session ----

JournalState PostgresStorage::open() {
  const auto give_up = std::chrono::steady_clock::now() + lock_patience;
  for (;;) {
    try {
      return take_over();
    } catch (const TransientError&) {
      if (std::chrono::steady_clock::now() >= give_up) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
  }
}

JournalState PostgresStorage::take_over() {
  writer_.reset();
  auto link = std::make_unique<PgLink>(url_, "rowhook journal");
  lock(*link);
  JournalState state = load(*link);
  writer_ = std::move(link);
  return state;
}

void PostgresStorage::lock(PgLink& link) const {
  if (!link.query((std::string("SELECT pg_try_advisory_lock(") + advisory_lock + ")").c_str()).boolean(0, 0))
    throw TransientError("another engine uses the journal of this database",
                         "one engine per store: stop the other one, or give this one a store of its own");
}

JournalState PostgresStorage::load(PgLink& link) {
  JournalState state;
  const PgRows next = link.query(
      "SELECT coalesce((SELECT max(seq) + 1 FROM journal_events), (SELECT max(first_seq) FROM "
      "journal_partitions), 1),"
      " coalesce((SELECT max(first_seq) FROM journal_partitions), 0), coalesce((SELECT max(end_seq) FROM "
      "journal_partitions), 0),"
      " coalesce((SELECT min(first_seq) FROM journal_partitions), 1)");
  state.next_seq = static_cast<std::uint64_t>(next.integer(0, 0));
  partition_first_ = static_cast<std::uint64_t>(next.integer(0, 1));
  partition_end_ = static_cast<std::uint64_t>(next.integer(0, 2));
  first_seq_ = static_cast<std::uint64_t>(next.integer(0, 3));
  const PgRows positions =
      link.query("SELECT source, position, last_order, last_ordinal, state FROM journal_positions");
  for (int i = 0; i < positions.size(); ++i)
    state.positions[std::string(positions.bytes(i, 0))] =
        Resume{std::string(positions.bytes(i, 1)), std::string(positions.bytes(i, 2)),
               static_cast<std::uint32_t>(positions.integer(i, 3)), std::string(positions.bytes(i, 4))};
  const std::string newest[] = {std::to_string(max_gaps)};
  const PgRows gaps = link.query(
      "SELECT source, from_position, to_position, reason, remedy, at FROM journal_gaps ORDER BY id DESC "
      "LIMIT $1::bigint",
      newest);
  for (int i = gaps.size(); i-- > 0;)
    state.gaps.push_back({std::string(gaps.bytes(i, 0)), std::string(gaps.bytes(i, 1)),
                          std::string(gaps.bytes(i, 2)), std::string(gaps.bytes(i, 3)),
                          std::string(gaps.bytes(i, 4)), gaps.integer(i, 5)});
  known_shapes_.clear();
  const std::string partition[] = {std::to_string(partition_first_)};
  const PgRows known =
      link.query("SELECT id FROM journal_shapes WHERE partition_seq = $1::bigint", partition);
  for (int i = 0; i < known.size(); ++i)
    known_shapes_.insert(static_cast<std::uint64_t>(known.integer(i, 0)));
  measure(link);
  return state;
}

void PostgresStorage::write(const WriteSet& set, const JournalState& before) {
  try {
    if (!writer_) throw TransientError("the session with the journal's database was lost");
    prepare_partitions(set);
    buffer_.clear();
    encode(set, buffer_);
    const std::string sql = statements(set, buffer_);
    writer_->execute(sql, buffer_);
  } catch (const TransientError&) {
    // Lost while it was committing? The server knows.
    if (set.events.empty()) throw;
    try {
      const JournalState now = take_over();
      if (now.next_seq != before.next_seq + set.events.size()) throw;
    } catch (const TransientError&) {
      writer_.reset();
      throw;
    }
  }
  for (const Event* event : set.events) known_shapes_.insert(event->shape->id);
  events_written_ += set.events.size();
  bytes_written_ += buffer_.size();
  new_bytes_ += buffer_.size();
  if (buffer_.capacity() > (8U << 20)) buffer_ = {};
}

JournalState PostgresStorage::recover(const JournalState&) { return take_over(); }

std::uint64_t PostgresStorage::partition_size() const {
  const std::uint64_t each = events_written_ == 0 ? 512 : bytes_written_ / events_written_ + 64;
  return std::clamp(options_.partition_bytes / each, options_.min_partition_events,
                    options_.max_partition_events);
}

void PostgresStorage::prepare_partitions(const WriteSet& set) {
  if (set.events.empty()) return;
  const std::uint64_t last = set.events.back()->seq;
  while (partition_end_ <= last) {
    const std::uint64_t first = std::max(partition_end_, set.events.front()->seq),
                        end = first + partition_size();
    const std::string from = std::to_string(first), to = std::to_string(end), table = table_of(first);
    // Made aside and attached: CREATE TABLE ... PARTITION OF would wait for every reader.
    writer_->execute(
        "BEGIN; INSERT INTO journal_partitions (first_seq, end_seq) VALUES (" + from + ", " + to + ");" +
        "CREATE TABLE " + table + " (LIKE journal_events INCLUDING ALL); ALTER TABLE journal_events" +
        " ATTACH PARTITION " + table + " FOR VALUES FROM (" + from + ") TO (" + to + "); COMMIT");
    partition_first_ = first;
    partition_end_ = end;
    known_shapes_.clear();
    wants_housekeeping_ = true;
  }
}

void PostgresStorage::encode(const WriteSet& set, std::string& copy) {
  if (set.events.empty()) return;
  CopyRows rows(copy);
  for (const Event* event : set.events) {
    rows.row(event_columns);
    rows.integer(static_cast<std::int64_t>(event->seq));
    rows.integer(static_cast<std::int64_t>(event->shape->id));
    rows.bytes(event->type);
    rows.integer(event->timestamp);
    rows.integer(event->captured_at);
    rows.integer(signed_hash(event->id));
    rows.integer(event->key.empty() ? 0 : signed_hash(event->key));
    rows.boolean(event->order.empty());
    rows.begin();
    encode_event(*event, copy);
    rows.finish();
  }
  rows.end();
}

std::string PostgresStorage::statements(const WriteSet& set, std::string_view copy) {
  std::string sql = "BEGIN;";
  std::unordered_set<std::uint64_t> added;
  for (const Event* event : set.events) {
    const std::uint64_t id = event->shape->id;
    if (known_shapes_.contains(id) || !added.insert(id).second) continue;
    sql += "INSERT INTO journal_shapes (id, partition_seq, packed) VALUES (" +
           std::to_string(static_cast<std::int64_t>(id)) + ", " + std::to_string(partition_first_) + ", " +
           writer_->literal(pack_shape(*event->shape)) + ") ON CONFLICT DO NOTHING;";
  }
  if (!copy.empty()) sql += copy_statement;
  for (const auto& [source, resume] : set.positions)
    sql +=
        "INSERT INTO journal_positions (source, position, last_order, last_ordinal, state) VALUES (" +
        writer_->literal(to_utf8(source)) + ", " + PgLink::bytea_literal(resume.position) + ", " +
        PgLink::bytea_literal(resume.last_order) + ", " + std::to_string(resume.last_ordinal) + ", " +
        PgLink::bytea_literal(resume.state) +
        ") ON CONFLICT (source) DO UPDATE SET position = EXCLUDED.position, last_order = EXCLUDED.last_order,"
        " last_ordinal = EXCLUDED.last_ordinal, state = EXCLUDED.state;";
  for (const auto& gap : set.gaps)
    sql += "INSERT INTO journal_gaps (source, from_position, to_position, reason, remedy, at) VALUES (" +
           writer_->literal(to_utf8(gap.source)) + ", " + writer_->literal(to_utf8(gap.from)) + ", " +
           writer_->literal(to_utf8(gap.to)) + ", " + writer_->literal(to_utf8(gap.reason)) + ", " +
           writer_->literal(to_utf8(gap.remedy)) + ", " + std::to_string(gap.at) + ");";
  return sql + "COMMIT";
}

// ---- keeping house ----

std::string PostgresStorage::table_of(std::uint64_t first) {
  return "journal_events_" + std::to_string(first);
}

std::vector<PostgresStorage::Partition> PostgresStorage::partitions(PgLink& link) const {
  std::vector<Partition> all;
  const PgRows rows =
      link.query("SELECT first_seq, end_seq, sealed, newest FROM journal_partitions ORDER BY first_seq");
  for (int i = 0; i < rows.size(); ++i)
    all.push_back({static_cast<std::uint64_t>(rows.integer(i, 0)),
                   static_cast<std::uint64_t>(rows.integer(i, 1)), rows.boolean(i, 2), rows.integer(i, 3)});
  return all;
}

void PostgresStorage::housekeep(std::uint64_t low_water) {
  wants_housekeeping_ = false;
  auto session = housekeeper_.lock();
  try {
    if (!session->link) session->link = std::make_unique<PgLink>(url_, "rowhook journal housekeeping");
    PgLink& link = *session->link;
    const Retention& retention = options_.log.retention;
    const Micros cut =
        clock_.now() - std::chrono::duration_cast<std::chrono::microseconds>(retention.max_age).count();
    std::vector<Partition> all = partitions(link);
    for (std::size_t i = 0; i + 1 < all.size(); ++i)
      if (!all[i].sealed) seal(link, all[i]);
    measure(link);
    all = partitions(link);
    for (std::size_t i = 0; i + 1 < all.size(); ++i) {
      const bool much =
          bytes() + std::min(options_.partition_bytes, retention.max_bytes / 8) > retention.max_bytes;
      if (!much && all[i].newest >= cut) break;
      if (!drop_front(link, low_water, all[i])) break;
      measure(link);
    }
  } catch (...) {
    session->link.reset();
    throw;
  }
}

void PostgresStorage::seal(PgLink& link, const Partition& partition) {
  const std::string table = table_of(partition.first);
  link.execute(
      "BEGIN; SET LOCAL statement_timeout = 0;"
      "CREATE INDEX IF NOT EXISTS " +
      table + "_ids ON " + table +
      " (id_hash);"
      "CREATE INDEX IF NOT EXISTS " +
      table + "_keys ON " + table +
      " (key_hash, seq) WHERE key_hash <> 0;"
      "CREATE INDEX IF NOT EXISTS " +
      table + "_groups ON " + table +
      " (shape_id, event_type, seq);"
      "UPDATE journal_partitions SET sealed = true, newest = coalesce((SELECT max(captured_at) FROM " +
      table + "), 0) WHERE first_seq = " + std::to_string(partition.first) + "; COMMIT");
  link.execute("ANALYZE " + table);
}

bool PostgresStorage::drop_front(PgLink& link, std::uint64_t low_water, const Partition& front) {
  if (front.end > low_water) return false;
  // Whoever reads now is not held up behind us for long; there is a next round.
  link.execute("BEGIN; SET LOCAL lock_timeout = '300ms'; DROP TABLE " + table_of(front.first) +
               "; DELETE FROM journal_partitions WHERE first_seq = " + std::to_string(front.first) +
               "; COMMIT");
  first_seq_ = front.end;
  return true;
}

void PostgresStorage::measure(PgLink& link) {
  const std::uint64_t unmeasured = new_bytes_;
  const PgRows rows = link.query(
      "SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint FROM pg_inherits"
      " WHERE inhparent = 'journal_events'::regclass");
  measured_bytes_ = static_cast<std::uint64_t>(rows.integer(0, 0));
  new_bytes_ -= unmeasured;
}

void PostgresStorage::make_room(std::uint64_t low_water, std::uint64_t needed) {
  auto session = housekeeper_.lock();
  try {
    if (!session->link) session->link = std::make_unique<PgLink>(url_, "rowhook journal housekeeping");
    PgLink& link = *session->link;
    measure(link);
    const std::vector<Partition> all = partitions(link);
    for (std::size_t i = 0; i + 1 < all.size() && bytes() + needed > options_.log.retention.max_bytes; ++i) {
      if (!drop_front(link, low_water, all[i])) return;
      measure(link);
    }
  } catch (...) {
    session->link.reset();
    throw;
  }
}

// ---- reading ----

template <typename F>
auto PostgresStorage::with_reader(const F& f) {
  std::unique_ptr<PgLink> link = readers_.with([](auto& idle) -> std::unique_ptr<PgLink> {
    if (idle.empty()) return nullptr;
    auto taken = std::move(idle.back());
    idle.pop_back();
    return taken;
  });
  // An idle session may have been lost with the server; only a new one says whether it is back.
  const auto give_back = [this](std::unique_ptr<PgLink> used) {
    readers_.with([&](auto& idle) {
      if (idle.size() < 4) idle.push_back(std::move(used));
    });
  };
  if (link) {
    try {
      auto result = f(*link);
      give_back(std::move(link));
      return result;
    } catch (const TransientError&) {
      if (link->alive()) throw;
    }
  }
  link = std::make_unique<PgLink>(url_, "rowhook journal reader");
  auto result = f(*link);
  give_back(std::move(link));
  return result;
}

ShapePtr PostgresStorage::shape(PgLink& link, std::uint64_t id) {
  if (ShapePtr known = shapes_.find(id)) return known;
  const std::string parameters[] = {std::to_string(static_cast<std::int64_t>(id))};
  const PgRows rows =
      link.query("SELECT packed FROM journal_shapes WHERE id = $1::bigint LIMIT 1", parameters);
  if (rows.size() == 0) return nullptr;
  ShapePtr loaded = unpack_shape(rows.bytes(0, 0));
  shapes_.add(loaded);
  return loaded;
}

EventPtr PostgresStorage::decode(PgLink& link, const PgRows& rows, int row) {
  return std::make_shared<const Event>(decode_event(rows.bytes(row, 1),
                                                    static_cast<std::uint64_t>(rows.integer(row, 0)),
                                                    [&](std::uint64_t id) { return shape(link, id); }));
}

std::vector<EventPtr> PostgresStorage::read(std::uint64_t from, std::uint64_t end, std::size_t limit,
                                            std::size_t max_bytes) {
  return with_reader([&](PgLink& link) {
    std::vector<EventPtr> events;
    std::size_t bytes = 0;
    while (events.size() < limit && from < end) {
      // In pieces: nobody knows how large events are before they are read.
      const std::size_t piece = std::min<std::size_t>(limit - events.size(), 256);
      const std::string parameters[] = {std::to_string(from), std::to_string(end), std::to_string(piece)};
      const PgRows rows = link.query(
          "SELECT seq, body FROM journal_events WHERE seq >= $1::bigint AND seq < $2::bigint ORDER BY seq "
          "LIMIT $3::bigint",
          parameters);
      for (int i = 0; i < rows.size(); ++i) {
        bytes += rows.bytes(i, 1).size();
        if (!events.empty() && bytes > max_bytes) return events;
        events.push_back(decode(link, rows, i));
      }
      if (static_cast<std::size_t>(rows.size()) < piece) break;
      from = events.back()->seq + 1;
    }
    return events;
  });
}

EventPtr PostgresStorage::find(std::string_view event_id, std::uint64_t end) {
  return with_reader([&](PgLink& link) -> EventPtr {
    const std::string parameters[] = {std::to_string(signed_hash(event_id)), std::to_string(end)};
    const PgRows rows = link.query(
        "SELECT seq, body FROM journal_events WHERE id_hash = $1::bigint AND seq < $2::bigint ORDER BY seq "
        "DESC",
        parameters);
    for (int i = 0; i < rows.size(); ++i)
      if (read_event_head(rows.bytes(i, 1)).id == event_id) return decode(link, rows, i);
    return nullptr;
  });
}

PostgresStorage::Query PostgresStorage::query_of(PgLink& link, const EventMatch& match, std::uint64_t end) {
  const EventFilter& filter = match.filter();
  Query query;
  const auto parameter = [&](std::string text) {
    query.parameters.push_back(std::move(text));
    return "$" + std::to_string(query.parameters.size());
  };
  query.where = "seq >= " + parameter(std::to_string(filter.from_seq)) + "::bigint AND seq < " +
                parameter(std::to_string(std::min(end, filter.before_seq))) + "::bigint";
  if (!filter.event_type.empty())
    query.where += " AND event_type = " + parameter(to_utf8(filter.event_type)) + "::text";
  if (filter.from)
    query.where += " AND event_time >= " + parameter(std::to_string(*filter.from)) + "::bigint";
  if (filter.to) query.where += " AND event_time < " + parameter(std::to_string(*filter.to)) + "::bigint";
  if (match.by_key())
    query.where += " AND key_hash <> 0 AND key_hash = ANY(" +
                   parameter("{" + std::to_string(signed_hash(match.keys()[0])) + "," +
                             std::to_string(signed_hash(match.keys()[1])) + "}") +
                   "::bigint[])";
  if (!filter.source.empty() || !filter.table.empty()) {
    std::string ids;
    const PgRows all = link.query("SELECT DISTINCT id FROM journal_shapes");
    for (int i = 0; i < all.size(); ++i) {
      const ShapePtr of = shape(link, static_cast<std::uint64_t>(all.integer(i, 0)));
      if (of && match.shape(*of)) ids += (ids.empty() ? "" : ",") + std::to_string(all.integer(i, 0));
    }
    query.nothing = ids.empty();
    query.where += " AND shape_id = ANY(" + parameter("{" + ids + "}") + "::bigint[])";
  }
  return query;
}

std::vector<EventPtr> PostgresStorage::list(const EventMatch& match, std::uint64_t end) {
  return with_reader([&](PgLink& link) {
    std::vector<EventPtr> events;
    Query query = query_of(link, match, end);
    if (query.nothing) return events;
    query.parameters.push_back(std::to_string(match.filter().limit));
    query.parameters.push_back(std::to_string(match.filter().skip));
    const std::size_t count = query.parameters.size();
    const std::string sql = "SELECT seq, body FROM journal_events WHERE " + query.where +
                            " ORDER BY seq DESC LIMIT $" + std::to_string(count - 1) + "::bigint OFFSET $" +
                            std::to_string(count) + "::bigint";
    const PgRows rows = link.query(sql.c_str(), query.parameters);
    for (int i = 0; i < rows.size(); ++i)
      if (EventPtr event = decode(link, rows, i); match.event(*event)) events.push_back(std::move(event));
    return events;
  });
}

std::uint64_t PostgresStorage::count(const EventMatch& match, std::uint64_t visible) {
  return with_reader([&](PgLink& link) -> std::uint64_t {
    const Query query = query_of(link, match, visible);
    if (query.nothing) return 0;
    const std::string sql = "SELECT count(*) FROM (SELECT 1 FROM journal_events WHERE " + query.where +
                            " LIMIT " + std::to_string(count_cap) + ") AS counted";
    return static_cast<std::uint64_t>(link.query(sql.c_str(), query.parameters).integer(0, 0));
  });
}

std::unordered_map<std::string, std::uint64_t> PostgresStorage::find_posted(
    std::span<const std::string> ids) {
  std::string hashes;
  for (const auto& id : ids) hashes += (hashes.empty() ? "" : ",") + std::to_string(signed_hash(id));
  return with_reader([&](PgLink& link) {
    std::unordered_map<std::string, std::uint64_t> found;
    const std::string parameters[] = {"{" + hashes + "}"};
    const PgRows rows = link.query(
        "SELECT seq, body FROM journal_events WHERE posted AND id_hash = ANY($1::bigint[]) ORDER BY seq DESC",
        parameters);
    for (int i = 0; i < rows.size(); ++i) {
      const std::string_view id = read_event_head(rows.bytes(i, 1)).id;
      if (std::find(ids.begin(), ids.end(), id) != ids.end())
        found.emplace(id, static_cast<std::uint64_t>(rows.integer(i, 0)));
    }
    return found;
  });
}

std::unique_ptr<Journal> open_postgres_journal(const std::string& url, const PostgresJournalOptions& options,
                                               const Clock& clock) {
  return std::make_unique<DurableLog>(std::make_unique<PostgresStorage>(url, options, clock), options.log);
}

std::unique_ptr<Journal> open_postgres_journal(const std::string& url, const Retention& retention,
                                               const Clock& clock) {
  PostgresJournalOptions options;
  options.log.retention = retention;
  return open_postgres_journal(url, options, clock);
}

}  // namespace rowhook
