#include "engine/journal/sqlite_storage.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "engine/base/errors.h"
#include "engine/journal/segment_sealer.h"

namespace rowhook {
namespace {

constexpr std::size_t max_open_readers = 8;
constexpr std::size_t max_kept_indexes = 3;  // of segments that wait to be sealed

// A damaged file is not a matter of trying again.
template <typename F>
void naming_damage(const Segment& segment, const F& f) {
  try {
    f();
  } catch (const SqliteFailure& error) {
    throw_if_damaged(segment.path(), error);
    throw;
  }
}

}  // namespace

SqliteStorage::SqliteStorage(std::string directory, const SqliteJournalOptions& options, const Clock& clock)
    : directory_(std::move(directory)),
      options_(options),
      segment_bytes_(std::min(options.segment_bytes,
                              std::max(options.log.retention.max_bytes / 8, std::uint64_t{1} << 16))),
      clock_(clock) {}

SqliteStorage::~SqliteStorage() {
  if (writer_) writer_->checkpoint();
  writer_.reset();
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

// ---- opening ----

JournalState SqliteStorage::open() {
  lock_directory();
  Segments segments = find_segments();
  if (segments.empty()) {
    start_segment({});
    return {};
  }
  for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
    segments[i]->end = segments[i + 1]->first();
    naming_damage(*segments[i], [&] { load_sealed(*segments[i]); });
  }
  JournalState state;
  naming_damage(*segments.back(), [&] {
    writer_ = std::make_unique<SegmentWriter>(segments.back());
    state = writer_->load();
  });
  active_bytes_ = writer_->bytes();
  active_since_ = writer_->events() > 0 ? writer_->oldest() : 0;
  // An earlier generation of the same first seq holds nothing that counts.
  std::erase_if(segments, [](const SegmentPtr& segment) {
    if (segment->first() != segment->end) return false;
    remove_segment_files(*segment);
    return true;
  });
  segments_.with([&](Segments& all) { all = std::move(segments); });
  count_closed();
  wants_housekeeping_ = true;
  return state;
}

void SqliteStorage::lock_directory() {
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  if (error) throw TransientError("the journal cannot make " + directory_ + ": " + error.message());
  std::filesystem::permissions(directory_, std::filesystem::perms::owner_all, error);
  if (error) throw TransientError("the journal cannot protect " + directory_ + ": " + error.message());
  lock_fd_ = ::open((directory_ + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (lock_fd_ < 0)
    throw TransientError("the journal cannot open " + directory_ +
                         "/lock: " + std::generic_category().message(errno));
  if (::flock(lock_fd_, LOCK_EX | LOCK_NB) != 0)
    throw PermanentError("another process has the journal in " + directory_ + " open",
                         "one engine per data directory: stop the other one, or use another --data-dir");
}

SqliteStorage::Segments SqliteStorage::find_segments() {
  Segments segments;
  for (const auto& entry : std::filesystem::directory_iterator(directory_))
    if (const auto name = Segment::parse_file_name(entry.path().filename().string()))
      segments.push_back(std::make_shared<Segment>(directory_, *name, shapes_, options_.vfs));
  std::sort(segments.begin(), segments.end(),
            [](const SegmentPtr& a, const SegmentPtr& b) { return a->name() < b->name(); });
  // A crash may have cut the creation of the newest short; then it holds nothing.
  while (!segments.empty()) {
    bool complete = false;
    naming_damage(*segments.back(), [&] { complete = segment_is_complete(*segments.back()); });
    if (complete) break;
    remove_segment_files(*segments.back());
    segments.pop_back();
  }
  return segments;
}

// ---- writing ----

void SqliteStorage::write(const WriteSet& set, const JournalState& before) {
  if (must_rotate(set)) start_segment(before);
  try {
    writer_->write(set);
  } catch (...) {
    writer_.reset();  // never again through this handle
    throw;
  }
  if (active_since_ == 0 && !set.events.empty()) active_since_ = clock_.now();
  active_bytes_ = writer_->bytes();
  contain_waste();
}

void SqliteStorage::contain_waste() {
  // The log of the segment may hold this much beyond its data: every small commit writes whole pages anew.
  // Copying happens beside the writer; but while commits never pause, the log can start anew only after the
  // writer has copied the rest.
  const std::uint64_t tolerated = std::min<std::uint64_t>(8U << 20, options_.log.retention.max_bytes / 16);
  if (!writer_->wasteful(tolerated)) {
    waste_noted_ = 0;
  } else if (writer_->wasteful(3 * tolerated)) {
    writer_->checkpoint();
  } else if (writer_->wasteful(waste_noted_ + tolerated)) {
    waste_noted_ += tolerated;
    checkpoint_due_ = wants_housekeeping_ = true;
  }
}

bool SqliteStorage::must_rotate(const WriteSet& set) const {
  if (set.events.empty() || writer_->events() == 0) return false;
  if (writer_->events() >= options_.segment_events) return true;
  const auto max_age =
      std::chrono::duration_cast<std::chrono::microseconds>(options_.log.retention.max_age).count();
  return active_bytes_ >= segment_bytes_ ||
         active_since_ < clock_.now() - std::max<Micros>(max_age / 8, 60'000'000);
}

void SqliteStorage::start_segment(const JournalState& state) {
  Segment::Name name{state.next_seq, 0};
  SegmentPtr before = segments_.with([](const Segments& all) { return all.empty() ? nullptr : all.back(); });
  if (before && before->first() == name.first) name.generation = before->name().generation + 1;
  auto segment = std::make_shared<Segment>(directory_, name, shapes_, options_.vfs);
  create_segment(*segment, state);
  std::unique_ptr<SegmentWriter> writer;
  try {
    writer = std::make_unique<SegmentWriter>(segment);
  } catch (...) {
    remove_segment_files(*segment);
    throw;
  }
  segment->index.with([](std::shared_ptr<SegmentIndex>& index) { index = std::make_shared<SegmentIndex>(); });
  // From here on the new file is the truth: what the old one may hold from next_seq on was never
  // acknowledged.
  if (before) {
    before->end = name.first;
    before->bytes = segment_bytes_on_disk(*before);
  }
  writer_ = std::move(writer);
  active_bytes_ = 0;
  active_since_ = 0;
  waste_noted_ = 0;
  segments_.with([&](Segments& all) {
    if (before && before->first() == name.first) all.pop_back();
    all.push_back(std::move(segment));
    // Bounded while the sealer lags behind: it reads the events again for those.
    for (std::size_t i = 0; i + 1 + max_kept_indexes < all.size(); ++i)
      all[i]->index.with([](std::shared_ptr<SegmentIndex>& index) { index.reset(); });
  });
  if (before && before->first() == name.first) remove_segment_files(*before);
  count_closed();
  wants_housekeeping_ = true;
}

JournalState SqliteStorage::recover(const JournalState& acknowledged) {
  // After a failed write or sync nobody knows what of the last transaction reached the disk, and asking the
  // kernel again proves nothing. So it is written anew, in a new file, and whatever the old one holds beyond
  // is hidden.
  writer_.reset();
  start_segment(acknowledged);
  return acknowledged;
}

// ---- keeping house ----

void SqliteStorage::housekeep(std::uint64_t low_water) {
  wants_housekeeping_ = false;
  if (checkpoint_due_.exchange(false)) checkpoint_segment(*snapshot().back());
  drop_old(low_water);
  seal_closed();
  drop_old(low_water);
  close_idle_readers();
}

void SqliteStorage::seal_closed() {
  const Segments segments = snapshot();
  for (std::size_t i = 0; i + 1 < segments.size(); ++i)
    if (!segments[i]->sealed) seal_segment(*segments[i]);
  count_closed();
}

void SqliteStorage::drop_old(std::uint64_t low_water) {
  const Retention& retention = options_.log.retention;
  const Micros cut =
      clock_.now() - std::chrono::duration_cast<std::chrono::microseconds>(retention.max_age).count();
  for (;;) {
    const Segments segments = snapshot();
    if (segments.size() < 2) return;
    const bool old = segments.front()->sealed && segments.front()->newest < cut;
    const bool much = bytes() + segment_bytes_ > retention.max_bytes;
    if ((!old && !much) || !drop_front(low_water, false)) return;
  }
}

void SqliteStorage::make_room(std::uint64_t low_water, std::uint64_t needed) {
  while (bytes() + needed > options_.log.retention.max_bytes && drop_front(low_water, true)) {
  }
}

bool SqliteStorage::drop_front(std::uint64_t low_water, bool unsealed_too) {
  const SegmentPtr dropped = segments_.with([&](Segments& all) -> SegmentPtr {
    if (all.size() < 2 || all.front()->end > low_water || (!all.front()->sealed && !unsealed_too))
      return nullptr;
    SegmentPtr front = all.front();
    all.erase(all.begin());
    return front;
  });
  if (!dropped) return false;
  remove_segment_files(*dropped);
  count_closed();
  return true;
}

void SqliteStorage::count_closed() {
  segments_.with([&](const Segments& all) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i + 1 < all.size(); ++i) sum += all[i]->bytes;
    closed_bytes_ = sum;
    first_seq_ = all.empty() ? 1 : all.front()->first();
  });
}

void SqliteStorage::close_idle_readers() {
  // The times are read once: readers change them meanwhile, and a sort must not see that.
  std::vector<std::pair<decltype(snapshot().front()->last_used()), SegmentPtr>> open;
  for (const SegmentPtr& segment : snapshot())
    if (segment->reader_open()) open.emplace_back(segment->last_used(), segment);
  std::sort(open.begin(), open.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i + max_open_readers < open.size(); ++i) open[i].second->close_reader();
}

// ---- reading ----

SqliteStorage::Segments SqliteStorage::snapshot() const {
  return segments_.with([](const Segments& all) { return all; });
}

std::vector<EventPtr> SqliteStorage::read(std::uint64_t from, std::uint64_t end, std::size_t limit,
                                          std::size_t max_bytes) {
  std::vector<EventPtr> events;
  std::size_t bytes = 0;
  for (const auto& segment : snapshot()) {
    if (segment->end <= from || segment->first() >= end) continue;
    if (events.size() >= limit || bytes >= max_bytes) break;
    segment->visit(from, end, [&](std::uint64_t seq, std::string_view event, const ShapeLookup& shape) {
      if (!events.empty() && bytes + event.size() > max_bytes) {
        bytes = max_bytes;
        return false;
      }
      bytes += event.size();
      events.push_back(std::make_shared<const Event>(decode_event(event, seq, shape)));
      return events.size() < limit;
    });
  }
  return events;
}

EventPtr SqliteStorage::find(std::string_view event_id, std::uint64_t end) {
  EventPtr found;
  const Segments segments = snapshot();
  for (auto segment = segments.rbegin(); segment != segments.rend() && !found; ++segment)
    (*segment)->visit_back((*segment)->by_id(event_id), 0, end,
                           [&](std::uint64_t seq, std::string_view event, const ShapeLookup& shape) {
                             if (read_event_head(event).id != event_id) return true;
                             found = std::make_shared<const Event>(decode_event(event, seq, shape));
                             return false;
                           });
  return found;
}

Candidates SqliteStorage::candidates(Segment& segment, const EventMatch& match, std::uint64_t end) {
  const auto selection = segment.select(match);
  if (!selection) return match.by_key() ? segment.by_key(match) : Candidates{true, {}};
  if (selection->exact_count() == std::uint64_t{0}) return {};
  if (match.by_key()) return segment.by_key(match);
  return selection->candidates(std::min(segment.end.load(), end) - segment.first());
}

SqliteStorage::Segments SqliteStorage::segments_with(const EventMatch& match) const {
  Segments segments = snapshot();
  std::erase_if(segments, [&](const SegmentPtr& segment) {
    return segment->first() >= match.filter().before_seq || segment->end <= match.filter().from_seq;
  });
  std::reverse(segments.begin(), segments.end());
  return segments;
}

std::vector<EventPtr> SqliteStorage::list(const EventMatch& match, std::uint64_t end) {
  std::vector<EventPtr> events;
  const EventFilter& filter = match.filter();
  end = std::min(end, filter.before_seq);
  std::size_t skip = filter.skip;
  for (const auto& segment : segments_with(match)) {
    if (events.size() >= filter.limit) break;
    segment->visit_back(candidates(*segment, match, end), filter.from_seq, end,
                        [&](std::uint64_t seq, std::string_view event, const ShapeLookup& shape) {
                          const EventHead head = read_event_head(event);
                          if (!match.type(head.type) || !match.time(head.timestamp) || !match.key(head.key))
                            return true;
                          const ShapePtr of = shape(head.shape_id);
                          if (of && !match.shape(*of)) return true;
                          if (skip > 0) return --skip, true;
                          events.push_back(std::make_shared<const Event>(decode_event(event, seq, shape)));
                          return events.size() < filter.limit;
                        });
  }
  return events;
}

std::uint64_t SqliteStorage::count(const EventMatch& match, std::uint64_t visible) {
  const EventFilter& filter = match.filter();
  const std::uint64_t end = std::min(visible, filter.before_seq);
  std::uint64_t exact = 0, counted = 0;
  for (const auto& segment : segments_with(match)) {
    const bool whole =
        !match.by_key() && segment->first() >= filter.from_seq && (segment->end <= end || end == visible);
    if (const auto selection = whole ? segment->select(match) : std::nullopt)
      if (const auto known = selection->exact_count()) {
        exact += *known;
        continue;
      }
    segment->visit_back(candidates(*segment, match, end), filter.from_seq, end,
                        [&](std::uint64_t, std::string_view event, const ShapeLookup& shape) {
                          const EventHead head = read_event_head(event);
                          if (!match.type(head.type) || !match.time(head.timestamp) || !match.key(head.key))
                            return true;
                          const ShapePtr of = shape(head.shape_id);
                          if (!of || match.shape(*of)) ++counted;
                          return counted < count_cap;
                        });
    if (counted >= count_cap) break;
  }
  return exact + counted;
}

std::unordered_map<std::string, std::uint64_t> SqliteStorage::find_posted(std::span<const std::string> ids) {
  std::unordered_map<std::string, std::uint64_t> found;
  const Segments segments = snapshot();
  for (const auto& id : ids) {
    for (auto segment = segments.rbegin(); segment != segments.rend() && !found.contains(id); ++segment)
      (*segment)->visit_back((*segment)->by_posted_id(id), 0, UINT64_MAX,
                             [&](std::uint64_t seq, std::string_view event, const ShapeLookup&) {
                               const EventHead head = read_event_head(event);
                               if (head.id != id || !head.order.empty()) return true;
                               found.emplace(id, seq);
                               return false;
                             });
  }
  return found;
}

}  // namespace rowhook
