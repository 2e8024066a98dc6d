#include "engine/journal/segment.h"

#include <charconv>
#include <cstdio>

#include "engine/journal/block.h"
#include "engine/journal/sealed_index.h"

namespace rowhook {
namespace {

std::atomic<std::uint64_t> uses{0};

}  // namespace

void throw_if_damaged(const std::string& path, const SqliteFailure& error) {
  const int code = error.code() & 0xff;
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
    throw PermanentError(path + " is damaged: " + error.what(),
                         "restore the file from a backup, or move it away to go on without its events");
}

struct Segment::Reader {
  SqliteFile file;
  SqliteStatement block, shape;
  std::optional<SealedIndex> index;

  explicit Reader(const Segment& segment)
      : file(segment.path_, segment.sealed ? SqliteFile::Mode::sealed : SqliteFile::Mode::read, segment.vfs_),
        block(file.prepare("SELECT first_seq, count, events FROM blocks WHERE first_seq <= ?"
                           " ORDER BY first_seq DESC LIMIT 1")),
        shape(file.prepare("SELECT packed FROM shapes WHERE id = ?")) {
    file.execute("PRAGMA cache_size = -1024");
    if (segment.sealed) index.emplace(file);
  }
};

// Gives the bytes of the event at a seq; neighbours come from the same block without another look-up.
class Segment::BlockCursor {
 public:
  explicit BlockCursor(SqliteStatement& statement) : statement_(statement) {}
  ~BlockCursor() { statement_.reset(); }
  BlockCursor(const BlockCursor&) = delete;
  BlockCursor& operator=(const BlockCursor&) = delete;

  // nullopt when the segment does not hold it. The view lives until the next call.
  std::optional<std::string_view> at(std::uint64_t seq) {
    if (seq < first_ || seq - first_ >= events_.size()) load(seq);
    if (seq < first_ || seq - first_ >= events_.size()) return std::nullopt;
    return events_[seq - first_];
  }

 private:
  void load(std::uint64_t seq) {
    events_.clear();
    statement_.reset();
    statement_.bind(1, seq);
    if (!statement_.step()) return;
    first_ = statement_.unsigned_integer(0);
    if (seq - first_ >= statement_.unsigned_integer(1)) return;
    for (BlockReader block(statement_.bytes(2)); !block.done();) events_.push_back(block.next());
  }

  SqliteStatement& statement_;
  std::uint64_t first_ = 0;
  std::vector<std::string_view> events_;
};

std::string Segment::file_name(const Name& name) {
  char text[40];
  if (name.generation == 0) {
    std::snprintf(text, sizeof text, "%016llx.db", static_cast<unsigned long long>(name.first));
  } else {
    std::snprintf(text, sizeof text, "%016llx.%u.db", static_cast<unsigned long long>(name.first),
                  name.generation);
  }
  return text;
}

std::optional<Segment::Name> Segment::parse_file_name(std::string_view file) {
  Name name;
  if (file.size() < 19) return std::nullopt;
  const auto first = std::from_chars(file.data(), file.data() + 16, name.first, 16);
  if (first.ec != std::errc{} || first.ptr != file.data() + 16) return std::nullopt;
  std::string_view rest = file.substr(16);
  if (rest != ".db") {
    rest.remove_prefix(1);
    const auto generation = std::from_chars(rest.data(), rest.data() + rest.size(), name.generation);
    if (generation.ec != std::errc{}) return std::nullopt;
  }
  return file == file_name(name) ? std::optional(name) : std::nullopt;
}

Segment::Segment(const std::string& directory, const Name& name, ShapeCache& shapes, const char* vfs)
    : name_(name), path_(directory + "/" + file_name(name)), shapes_(shapes), vfs_(vfs) {}
Segment::~Segment() = default;

template <typename F>
decltype(auto) Segment::with_reader(const F& f) {
  auto reader = reader_.lock();
  if (!*reader) {
    *reader = std::make_unique<Reader>(*this);
    reader_open_ = true;
  }
  last_used_ = ++uses;
  try {
    return f(**reader);
  } catch (const SqliteFailure& error) {
    reader->reset();
    reader_open_ = false;
    throw_if_damaged(path_, error);
    throw;
  }
}

void Segment::visit(std::uint64_t from, std::uint64_t to, const Visit& visit) {
  from = std::max(from, first());
  to = std::min(to, end.load());
  if (from >= to) return;
  with_reader([&](Reader& reader) {
    BlockCursor cursor(reader.block);
    const ShapeLookup shape_of = [&](std::uint64_t id) { return load_shape(reader, id); };
    for (std::uint64_t seq = from; seq < to; ++seq) {
      const auto event = cursor.at(seq);
      if (!event || !visit(seq, *event, shape_of)) return;
    }
  });
}

void Segment::visit_back(const Candidates& candidates, std::uint64_t from, std::uint64_t to,
                         const Visit& visit) {
  from = std::max(from, first());
  to = std::min(to, end.load());
  if (from >= to || (!candidates.all && candidates.places.empty())) return;
  with_reader([&](Reader& reader) {
    BlockCursor cursor(reader.block);
    const ShapeLookup shape_of = [&](std::uint64_t id) { return load_shape(reader, id); };
    const auto look = [&](std::uint64_t seq) {
      const auto event = cursor.at(seq);
      return !event || visit(seq, *event, shape_of);
    };
    if (candidates.all) {
      for (std::uint64_t seq = to; seq-- > from;)
        if (!look(seq)) return;
      return;
    }
    for (auto place = candidates.places.rbegin(); place != candidates.places.rend(); ++place) {
      const std::uint64_t seq = first() + *place;
      if (seq >= to) continue;
      if (seq < from || !look(seq)) return;
    }
  });
}

Candidates Segment::by_id(std::string_view id) {
  if (!sealed) {
    const auto found = index.with([&](const std::shared_ptr<SegmentIndex>& known) {
      return known ? std::optional(known->by_id(id)) : std::nullopt;
    });
    if (found) return *found;
    if (!sealed) return {true, {}};
  }
  return with_reader([&](Reader& reader) {
    return reader.index ? reader.index->by_id(id) : Candidates{true, {}};
  });
}

Candidates Segment::by_posted_id(std::string_view id) {
  if (sealed) return posted > 0 ? by_id(id) : Candidates{};
  return index.with([&](const std::shared_ptr<SegmentIndex>& known) {
    return known ? known->by_posted_id(id) : Candidates{true, {}};
  });
}

Candidates Segment::by_key(const EventMatch& match) {
  if (!sealed) {
    const auto found = index.with([&](const std::shared_ptr<SegmentIndex>& known) {
      return known ? std::optional(known->by_key(match)) : std::nullopt;
    });
    if (found) return *found;
    if (!sealed) return {true, {}};
  }
  return with_reader([&](Reader& reader) {
    return reader.index ? reader.index->by_key(match) : Candidates{true, {}};
  });
}

std::optional<GroupSelection> Segment::select(const EventMatch& match) {
  std::vector<std::pair<GroupKey, EventGroup>> groups;
  const auto take = [&](const GroupKey& key, const EventGroup& group) {
    if (match.type(key.type)) groups.emplace_back(key, group);
  };
  bool known = false;
  if (!sealed) {
    known = index.with([&](const std::shared_ptr<SegmentIndex>& memory) {
      if (!memory) return false;
      for (const auto& [key, group] : memory->groups()) {
        const bool rare = is_rare(group.count, memory->size());
        take(key,
             {group.count, group.earliest, group.latest, rare ? group.places : std::vector<std::uint32_t>{}});
      }
      return true;
    });
  } else {
    known = with_reader([&](Reader& reader) {
      if (reader.index) reader.index->each_group(take);
      return reader.index.has_value();
    });
  }
  if (!known) return std::nullopt;
  GroupSelection selection(match);
  for (const auto& [key, group] : groups)
    if (const ShapePtr of = shape(key.shape_id)) selection.add(*of, key.type, group);
  return selection;
}

ShapePtr Segment::shape(std::uint64_t id) {
  if (ShapePtr known = shapes_.find(id)) return known;
  return with_reader([&](Reader& reader) { return load_shape(reader, id); });
}

ShapePtr Segment::load_shape(Reader& reader, std::uint64_t id) const {
  if (ShapePtr known = shapes_.find(id)) return known;
  const StatementUse use(reader.shape);
  reader.shape.bind(1, id);
  if (!reader.shape.step()) return nullptr;
  ShapePtr loaded = unpack_shape(reader.shape.bytes(0));
  shapes_.add(loaded);
  return loaded;
}

void Segment::close_reader(const std::function<void()>& alone) {
  auto reader = reader_.lock();
  reader->reset();
  reader_open_ = false;
  if (alone) alone();
}

}  // namespace rowhook
