#include "engine/journal/segment_sealer.h"

#include <sys/stat.h>

#include "engine/journal/sealed_index.h"

namespace rowhook {
namespace {

std::shared_ptr<SegmentIndex> index_of(Segment& segment) {
  auto known = segment.index.with([](const std::shared_ptr<SegmentIndex>& index) { return index; });
  if (known) return known;
  auto index = std::make_shared<SegmentIndex>();
  segment.visit(segment.first(), segment.end, [&](std::uint64_t, std::string_view event, const ShapeLookup&) {
    index->add(read_event_head(event));
    return true;
  });
  return index;
}

bool exists(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

std::uint64_t size_of(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

}  // namespace

bool seal_segment(Segment& segment) {
  const auto index = index_of(segment);
  SqliteFile file(segment.path(), SqliteFile::Mode::write, segment.vfs());
  file.execute("PRAGMA synchronous = FULL; PRAGMA cache_size = -4096");
  sqlite3_busy_timeout(file.handle(), 0);
  file.execute("BEGIN IMMEDIATE");
  write_sealed_index(file, *index);
  {
    auto note = file.prepare("INSERT OR REPLACE INTO segment (name, value) VALUES (?, ?)");
    note.bind_text(1, "first_seq").bind(2, segment.first()).run();
    note.bind_text(1, "end_seq").bind(2, segment.end.load()).run();
    note.bind_text(1, "newest").bind(2, index->newest()).run();
    note.bind_text(1, "posted").bind(2, index->posted()).run();
    note.bind_text(1, "sealed").bind(2, std::uint64_t{1}).run();
  }
  file.execute("COMMIT");
  // Most of the copying happens beside the readers; they wait for the rest only.
  sqlite3_wal_checkpoint_v2(file.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  bool sealed = false;
  segment.close_reader([&] {
    try {
      sealed = file.text("PRAGMA journal_mode = DELETE") == "delete";
    } catch (const SqliteFailure& error) {
      if ((error.code() & 0xff) != SQLITE_BUSY) throw;
    }
    file = SqliteFile();
    if (!sealed) return;
    segment.newest = index->newest();
    segment.posted = index->posted();
    segment.sealed = true;
  });
  segment.bytes = segment_bytes_on_disk(segment);
  if (sealed) segment.index.with([](std::shared_ptr<SegmentIndex>& known) { known.reset(); });
  return sealed;
}

bool load_sealed(Segment& segment) {
  segment.bytes = segment_bytes_on_disk(segment);
  if (exists(segment.path() + "-wal") || exists(segment.path() + "-journal")) return false;
  SqliteFile file(segment.path(), SqliteFile::Mode::sealed, segment.vfs());
  auto values = file.prepare("SELECT name, value FROM segment");
  bool sealed = false;
  while (values.step()) {
    const std::string_view name = values.bytes(0);
    if (name == "newest") segment.newest = values.integer(1);
    if (name == "posted") segment.posted = values.unsigned_integer(1);
    // A segment whose successor came back with another first seq (a disk that lied) is sealed again.
    if (name == "end_seq") sealed = values.unsigned_integer(1) == segment.end;
  }
  segment.sealed = sealed;
  return sealed;
}

void checkpoint_segment(const Segment& segment) {
  SqliteFile file(segment.path(), SqliteFile::Mode::write, segment.vfs());
  sqlite3_wal_checkpoint_v2(file.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

std::uint64_t segment_bytes_on_disk(const Segment& segment) {
  return size_of(segment.path()) + size_of(segment.path() + "-wal");
}

}  // namespace rowhook
