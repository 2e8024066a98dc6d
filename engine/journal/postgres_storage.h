#pragma once

#include <unordered_set>

#include "engine/journal/pg_link.h"
#include "engine/journal/postgres_journal.h"
#include "engine/journal/shape_cache.h"

namespace rowhook {

// The journal in tables of a PostgreSQL database (db/migrations/postgres/0002_journal.up.sql). One session
// writes and holds an advisory lock, so that no other engine can; others read, and keep house. Thread safety:
// as JournalStorage.
class PostgresStorage final : public JournalStorage {
 public:
  PostgresStorage(std::string url, const PostgresJournalOptions& options, const Clock& clock);

  JournalState open() override;
  void write(const WriteSet& set, const JournalState& before) override;
  JournalState recover(const JournalState& acknowledged) override;
  void housekeep(std::uint64_t low_water) override;
  bool wants_housekeeping() const override { return wants_housekeeping_; }
  void make_room(std::uint64_t low_water, std::uint64_t needed) override;
  std::uint64_t first_seq() const override { return first_seq_; }
  std::uint64_t bytes() const override { return measured_bytes_ + new_bytes_; }
  std::vector<EventPtr> read(std::uint64_t from, std::uint64_t end, std::size_t limit,
                             std::size_t max_bytes) override;
  EventPtr find(std::string_view event_id, std::uint64_t end) override;
  std::vector<EventPtr> list(const EventMatch& match, std::uint64_t end) override;
  std::uint64_t count(const EventMatch& match, std::uint64_t visible) override;
  std::unordered_map<std::string, std::uint64_t> find_posted(std::span<const std::string> ids) override;

 private:
  struct Partition {
    std::uint64_t first = 0, end = 0;
    bool sealed = false;
    Micros newest = 0;
  };
  struct Session {
    std::unique_ptr<PgLink> link;
  };
  struct Query {
    std::string where;
    std::vector<std::string> parameters;
    bool nothing = false;  // no stored shape matches
  };

  // The writing session.
  JournalState take_over();
  void lock(PgLink& link) const;
  JournalState load(PgLink& link);
  void prepare_partitions(const WriteSet& set);
  std::uint64_t partition_size() const;
  std::string statements(const WriteSet& set, std::string_view copy);
  void encode(const WriteSet& set, std::string& copy);

  // Housekeeping.
  std::vector<Partition> partitions(PgLink& link) const;
  void seal(PgLink& link, const Partition& partition);
  bool drop_front(PgLink& link, std::uint64_t low_water, const Partition& front);
  void measure(PgLink& link);
  static std::string table_of(std::uint64_t first);

  // Reading.
  template <typename F>
  auto with_reader(const F& f);
  EventPtr decode(PgLink& link, const PgRows& rows, int row);
  ShapePtr shape(PgLink& link, std::uint64_t id);
  Query query_of(PgLink& link, const EventMatch& match, std::uint64_t end);

  std::string url_;
  PostgresJournalOptions options_;
  const Clock& clock_;
  ShapeCache shapes_;

  std::unique_ptr<PgLink> writer_;                         // the writing caller's
  std::uint64_t partition_first_ = 0, partition_end_ = 0;  // the newest partition; likewise
  std::unordered_set<std::uint64_t> known_shapes_;         // stored for it; likewise
  std::string buffer_;                                     // likewise
  std::uint64_t events_written_ = 0,
                bytes_written_ = 0;  // likewise; since the start, for the size of partitions

  Guarded<Session> housekeeper_;
  Guarded<std::vector<std::unique_ptr<PgLink>>> readers_;  // idle ones
  std::atomic<std::uint64_t> first_seq_{1}, measured_bytes_{0}, new_bytes_{0};
  std::atomic<bool> wants_housekeeping_{false};
};

}  // namespace rowhook
