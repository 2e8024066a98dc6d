#pragma once

#include "engine/journal/segment_writer.h"
#include "engine/journal/sqlite_journal.h"

namespace rowhook {

// The journal's directory: segments in order of their first seq, the last of which is written.
// Thread safety: as JournalStorage.
class SqliteStorage final : public JournalStorage {
 public:
  SqliteStorage(std::string directory, const SqliteJournalOptions& options, const Clock& clock);
  ~SqliteStorage() override;

  JournalState open() override;
  void write(const WriteSet& set, const JournalState& before) override;
  JournalState recover(const JournalState& acknowledged) override;
  void housekeep(std::uint64_t low_water) override;
  bool wants_housekeeping() const override { return wants_housekeeping_; }
  void make_room(std::uint64_t low_water, std::uint64_t needed) override;
  std::uint64_t first_seq() const override { return first_seq_; }
  std::uint64_t bytes() const override { return closed_bytes_ + active_bytes_; }
  std::vector<EventPtr> read(std::uint64_t from, std::uint64_t end, std::size_t limit,
                             std::size_t max_bytes) override;
  EventPtr find(std::string_view event_id, std::uint64_t end) override;
  std::vector<EventPtr> list(const EventMatch& match, std::uint64_t end) override;
  std::uint64_t count(const EventMatch& match, std::uint64_t visible) override;
  std::unordered_map<std::string, std::uint64_t> find_posted(std::span<const std::string> ids) override;

 private:
  using Segments = std::vector<SegmentPtr>;  // by first seq; the last is written

  void lock_directory();
  Segments find_segments();
  void start_segment(const JournalState& state);
  bool must_rotate(const WriteSet& set) const;
  void contain_waste();
  void seal_closed();
  void drop_old(std::uint64_t low_water);
  bool drop_front(std::uint64_t low_water, bool unsealed_too);
  void count_closed();
  void close_idle_readers();
  Segments snapshot() const;
  Segments segments_with(const EventMatch& match) const;
  static Candidates candidates(Segment& segment, const EventMatch& match, std::uint64_t end);

  std::string directory_;
  SqliteJournalOptions options_;
  std::uint64_t segment_bytes_;
  const Clock& clock_;
  ShapeCache shapes_;
  int lock_fd_ = -1;
  Guarded<Segments> segments_;
  std::unique_ptr<SegmentWriter> writer_;  // the writing caller's; null after a failure
  std::atomic<std::uint64_t> first_seq_{1}, closed_bytes_{0}, active_bytes_{0};
  std::atomic<bool> wants_housekeeping_{false}, checkpoint_due_{false};
  Micros active_since_ = 0;        // when the first event came into the newest segment; 0 while there is none
  std::uint64_t waste_noted_ = 0;  // waste for which housekeeping was already asked
};

}  // namespace rowhook
