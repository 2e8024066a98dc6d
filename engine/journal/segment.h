#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

#include "engine/base/guarded.h"
#include "engine/journal/segment_index.h"
#include "engine/journal/shape_cache.h"
#include "engine/journal/sqlite_file.h"

namespace rowhook {

// One file of the journal, `%016x.db` or, where a failed disk made the engine leave a file, `%016x.N.db`: its
// events have seq in [first, end), whatever else the file holds. Everything here reads; segment_writer.h and
// segment_sealer.h write. Thread safety: safe to share; each call holds the segment's own reader for as long
// as it reads.
class Segment {
 public:
  struct Name {
    std::uint64_t first = 0;
    unsigned generation = 0;
    auto operator<=>(const Name&) const = default;
  };
  static std::string file_name(const Name& name);
  static std::optional<Name> parse_file_name(std::string_view file);

  Segment(const std::string& directory, const Name& name, ShapeCache& shapes, const char* vfs);
  ~Segment();
  const Name& name() const { return name_; }
  const std::string& path() const { return path_; }
  const char* vfs() const { return vfs_; }
  std::uint64_t first() const { return name_.first; }

  // What the owner knows about the file.
  std::atomic<std::uint64_t> end{UINT64_MAX};  // the next segment's first
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<Micros> newest{0};         // latest captured_at; set when sealed
  std::atomic<std::uint64_t> posted{0};  // events that were posted; set when sealed
  std::atomic<bool> sealed{false};
  // The index while the segment is not sealed; null when it was given up to save memory (then look-ups read
  // every event).
  Guarded<std::shared_ptr<SegmentIndex>> index;

  // Returning false stops. Must not call back into the segment; the look-up finds the shapes of its events.
  using Visit = std::function<bool(std::uint64_t seq, std::string_view event, const ShapeLookup& shape)>;
  // Events with seq in [from, to) in order.
  void visit(std::uint64_t from, std::uint64_t to, const Visit& visit);
  // The candidates with seq in [from, to), newest first.
  void visit_back(const Candidates& candidates, std::uint64_t from, std::uint64_t to, const Visit& visit);

  Candidates by_id(std::string_view id);
  Candidates by_posted_id(std::string_view id);
  Candidates by_key(const EventMatch& match);
  // nullopt when the index was given up: every event has to be read.
  std::optional<GroupSelection> select(const EventMatch& match);
  ShapePtr shape(std::uint64_t id);

  // Closes the reader until it is needed again, and runs `alone` while nobody reads.
  void close_reader(const std::function<void()>& alone = {});
  bool reader_open() const { return reader_open_; }
  std::uint64_t last_used() const { return last_used_; }  // grows over all segments

 private:
  struct Reader;
  class BlockCursor;
  template <typename F>
  decltype(auto) with_reader(const F& f);
  ShapePtr load_shape(Reader& reader, std::uint64_t id) const;

  Name name_;
  std::string path_;
  ShapeCache& shapes_;
  const char* vfs_;
  Guarded<std::unique_ptr<Reader>> reader_;
  std::atomic<bool> reader_open_{false};
  std::atomic<std::uint64_t> last_used_{0};
};
using SegmentPtr = std::shared_ptr<Segment>;

// Throws PermanentError naming the file when `error` says that its bytes are not what they should be.
void throw_if_damaged(const std::string& path, const SqliteFailure& error);

}  // namespace rowhook
