#include "engine/journal/segment_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "engine/journal/block.h"

namespace rowhook {
namespace {

constexpr int format_version = 1;
constexpr std::uint64_t page_bytes = 4096, frame_bytes = page_bytes + 24;

constexpr const char* schema =
    "CREATE TABLE segment (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE blocks (first_seq INTEGER PRIMARY KEY, count INTEGER NOT NULL, events BLOB NOT NULL);"
    "CREATE TABLE shapes (id INTEGER PRIMARY KEY, packed TEXT NOT NULL);"
    "CREATE TABLE positions (source TEXT PRIMARY KEY, position TEXT NOT NULL, last_order TEXT NOT NULL,"
    " last_ordinal INTEGER NOT NULL, state TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE gaps (id INTEGER PRIMARY KEY, source TEXT NOT NULL, from_position TEXT NOT NULL,"
    " to_position TEXT NOT NULL, reason TEXT NOT NULL, remedy TEXT NOT NULL, at INTEGER NOT NULL)";

SqliteStatement insert_position(SqliteFile& file) {
  return file.prepare(
      "INSERT OR REPLACE INTO positions (source, position, last_order, last_ordinal, state)"
      " VALUES (?, ?, ?, ?, ?)");
}

SqliteStatement insert_gap(SqliteFile& file) {
  return file.prepare(
      "INSERT INTO gaps (source, from_position, to_position, reason, remedy, at) VALUES (?, ?, ?, ?, ?, ?)");
}

void run_position(SqliteStatement& insert, const std::string& source, const Resume& resume) {
  insert.bind_text(1, source).bind_text(2, resume.position).bind_text(3, resume.last_order);
  insert.bind(4, std::uint64_t{resume.last_ordinal}).bind_text(5, resume.state).run();
}

void run_gap(SqliteStatement& insert, const Gap& gap) {
  insert.bind_text(1, gap.source).bind_text(2, gap.from).bind_text(3, gap.to);
  insert.bind_text(4, gap.reason).bind_text(5, gap.remedy).bind(6, gap.at).run();
}

// A new name in a directory survives power loss only once the directory itself is synced.
void sync_directory_of(const std::string& path) {
  const std::string directory = std::filesystem::path(path).parent_path().string();
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!synced)
    throw SqliteFailure(
        "the journal cannot sync " + directory + ": " + std::generic_category().message(error), SQLITE_IOERR);
}

void fill_segment(const Segment& segment, const JournalState& state) {
  SqliteFile file(segment.path(), SqliteFile::Mode::write, segment.vfs());
  if (file.text("PRAGMA journal_mode = WAL") != "wal")
    throw SqliteFailure("the journal cannot use write-ahead logging for " + segment.path(), SQLITE_IOERR);
  file.execute("PRAGMA synchronous = FULL; BEGIN IMMEDIATE");
  file.execute(schema);
  auto position = insert_position(file);
  for (const auto& [source, resume] : state.positions) run_position(position, source, resume);
  auto gap = insert_gap(file);
  for (const auto& recorded : state.gaps) run_gap(gap, recorded);
  file.execute(("PRAGMA user_version = " + std::to_string(format_version) + "; COMMIT").c_str());
}

}  // namespace

void create_segment(const Segment& segment, const JournalState& state) {
  remove_segment_files(segment);
  const int fd = ::open(segment.path().c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0)
    throw SqliteFailure(
        "the journal cannot make " + segment.path() + ": " + std::generic_category().message(errno),
        SQLITE_CANTOPEN);
  ::close(fd);
  try {
    fill_segment(segment, state);
    sync_directory_of(segment.path());
  } catch (...) {
    remove_segment_files(segment);
    throw;
  }
}

void remove_segment_files(const Segment& segment) noexcept {
  // The database goes last: without it the others mean nothing, with it they do.
  for (const char* suffix : {"-journal", "-wal", "-shm", ""}) ::unlink((segment.path() + suffix).c_str());
}

bool segment_is_complete(const Segment& segment) {
  SqliteFile file(segment.path(), SqliteFile::Mode::read, segment.vfs());
  const std::string version = file.text("PRAGMA user_version");
  if (version == "0") return false;
  if (version != std::to_string(format_version))
    throw PermanentError(
        segment.path() + " has format " + version + ", which this version of rowhook does not know",
        "run the newer version that wrote it");
  return true;
}

SegmentWriter::SegmentWriter(SegmentPtr segment)
    : segment_(std::move(segment)), file_(segment_->path(), SqliteFile::Mode::write, segment_->vfs()) {
  file_.execute("PRAGMA synchronous = FULL; PRAGMA cache_size = -4096");
  begin_ = file_.prepare("BEGIN IMMEDIATE");
  commit_ = file_.prepare("COMMIT");
  block_ = file_.prepare("INSERT INTO blocks (first_seq, count, events) VALUES (?, ?, ?)");
  shape_ = file_.prepare("INSERT OR IGNORE INTO shapes (id, packed) VALUES (?, ?)");
  position_ = insert_position(file_);
  gap_ = insert_gap(file_);
  sqlite3_wal_hook(
      file_.handle(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<SegmentWriter*>(self)->wal_pages_ = pages;
        return SQLITE_OK;
      },
      this);
}

void SegmentWriter::write(const WriteSet& set) {
  begin_.run();
  write_blocks(set.events);
  for (const auto& [source, resume] : set.positions) run_position(position_, source, resume);
  for (const auto& gap : set.gaps) run_gap(gap_, gap);
  commit_.run();
  note_wal();
  if (set.events.empty()) return;
  if (events_ == 0) oldest_ = set.events.front()->captured_at;
  events_ += set.events.size();
  segment_->index.with([&](const std::shared_ptr<SegmentIndex>& index) {
    for (const Event* event : set.events)
      index->add({event->shape->id, event->id, event->type, event->order, event->key, event->timestamp,
                  event->captured_at});
  });
}

void SegmentWriter::write_blocks(const std::vector<const Event*>& events) {
  for (std::size_t i = 0; i < events.size();) {
    const std::size_t first = i;
    buffer_.clear();
    do {
      const Event& event = *events[i++];
      if (event.shape->id != last_shape_) write_shape(*event.shape);
      append_to_block(buffer_, event);
    } while (i < events.size() && i - first < max_block_events && buffer_.size() < max_block_bytes);
    block_.bind(1, events[first]->seq).bind(2, std::uint64_t{i - first}).bind_blob(3, buffer_).run();
    data_bytes_ += buffer_.size();
    wal_data_ += buffer_.size();
  }
  if (buffer_.capacity() > 4 * max_block_bytes) buffer_ = {};  // an event of some megabytes went through
}

void SegmentWriter::write_shape(const Shape& shape) {
  if (shapes_.insert(shape.id).second) {
    const std::string packed = pack_shape(shape);
    shape_.bind(1, shape.id).bind_text(2, packed).run();
  }
  last_shape_ = shape.id;
}

void SegmentWriter::note_wal() {
  if (wal_pages_ < wal_pages_before_) wal_data_ = 0;  // the log started anew
  wal_pages_before_ = wal_pages_;
  wal_bytes_ = static_cast<std::uint64_t>(wal_pages_) * frame_bytes;
}

JournalState SegmentWriter::load() {
  // A sealed file is the newest only where somebody removed the files behind it: it is written on.
  if (file_.text("PRAGMA journal_mode = WAL") != "wal" ||
      file_.text("PRAGMA wal_checkpoint(TRUNCATE)") != "0")
    throw SqliteFailure("the journal cannot take over " + segment_->path() + ": another program reads it",
                        SQLITE_BUSY);
  file_.execute("DELETE FROM segment WHERE name = 'end_seq'");
  JournalState state;
  state.next_seq = segment_->first();
  auto last = file_.prepare("SELECT first_seq + count FROM blocks ORDER BY first_seq DESC LIMIT 1");
  if (last.step()) state.next_seq = last.unsigned_integer(0);
  auto positions = file_.prepare("SELECT source, position, last_order, last_ordinal, state FROM positions");
  while (positions.step())
    state.positions[std::string(positions.bytes(0))] =
        Resume{std::string(positions.bytes(1)), std::string(positions.bytes(2)),
               static_cast<std::uint32_t>(positions.integer(3)), std::string(positions.bytes(4))};
  auto gaps = file_.prepare(
      "SELECT source, from_position, to_position, reason, remedy, at FROM gaps ORDER BY id DESC LIMIT ?");
  gaps.bind(1, std::uint64_t{max_gaps});
  while (gaps.step())
    state.gaps.push_back({std::string(gaps.bytes(0)), std::string(gaps.bytes(1)), std::string(gaps.bytes(2)),
                          std::string(gaps.bytes(3)), std::string(gaps.bytes(4)), gaps.integer(5)});
  std::reverse(state.gaps.begin(), state.gaps.end());
  auto shapes = file_.prepare("SELECT id FROM shapes");
  while (shapes.step()) shapes_.insert(shapes.unsigned_integer(0));

  auto index = std::make_shared<SegmentIndex>();
  segment_->visit(segment_->first(), state.next_seq,
                  [&](std::uint64_t, std::string_view event, const ShapeLookup&) {
                    const EventHead head = read_event_head(event);
                    if (events_++ == 0) oldest_ = head.captured_at;
                    index->add(head);
                    data_bytes_ += event.size();
                    return true;
                  });
  segment_->index.with([&](std::shared_ptr<SegmentIndex>& known) { known = std::move(index); });
  return state;
}

void SegmentWriter::checkpoint() {
  // Passive: waits for nobody. The next transaction starts the log anew when everything could be copied.
  sqlite3_wal_checkpoint_v2(file_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

}  // namespace rowhook
