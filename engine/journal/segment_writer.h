#pragma once

#include <unordered_set>

#include "engine/journal/segment.h"
#include "engine/journal/sqlite_file.h"
#include "engine/journal/storage.h"

namespace rowhook {

// Makes the file of a new segment with the state it starts from, durable when it returns; a file of that name
// is what a failed attempt left, and is replaced. Throws SqliteFailure, and leaves no file then.
void create_segment(const Segment& segment, const JournalState& state);
// Removes the files of a segment. Never throws: what remains is removed at the next start.
void remove_segment_files(const Segment& segment) noexcept;
// False when the creation of the file never ended: it holds nothing. Throws SqliteFailure.
bool segment_is_complete(const Segment& segment);

// The appending end of the newest segment. After any throw the handle must not be used again: destroy the
// writer. Thread safety: none; confined to the writing caller.
class SegmentWriter {
 public:
  explicit SegmentWriter(SegmentPtr segment);

  // One transaction, durable when it returns; then the segment's index knows the events. Throws
  // SqliteFailure.
  void write(const WriteSet& set);
  // After a start: everything the file holds, after making sure that it is durable: a process that was killed
  // may have left a transaction in the system's cache that was never synced.
  JournalState load();

  Segment& segment() { return *segment_; }
  std::uint64_t events() const { return events_; }
  Micros oldest() const { return oldest_; }  // captured_at of the first event; INT64_MAX while there is none
  std::uint64_t bytes() const { return data_bytes_ + wal_bytes_; }
  // Copies what the log holds twice into the database and lets it start anew; `beyond` bytes of waste are
  // tolerated.
  bool wasteful(std::uint64_t beyond) const { return wal_bytes_ > 2 * wal_data_ + beyond; }
  void checkpoint();

 private:
  void write_shape(const Shape& shape);
  void write_blocks(const std::vector<const Event*>& events);
  void note_wal();

  SegmentPtr segment_;
  SqliteFile file_;
  SqliteStatement begin_, commit_, block_, shape_, position_, gap_;
  std::unordered_set<std::uint64_t> shapes_;
  std::uint64_t last_shape_ = 0;
  std::string buffer_;
  std::uint64_t events_ = 0;
  Micros oldest_ = INT64_MAX;
  std::uint64_t data_bytes_ = 0;  // blocks of this segment
  std::uint64_t wal_bytes_ = 0,
                wal_data_ = 0;  // the -wal file, and blocks written to it since it started anew
  int wal_pages_ = 0, wal_pages_before_ = 0;
};

}  // namespace rowhook
