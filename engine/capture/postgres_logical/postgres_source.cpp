#include "engine/capture/postgres_logical/postgres_source.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "engine/base/log.h"
#include "engine/capture/postgres_logical/change_decoder.h"
#include "engine/capture/postgres_logical/checks.h"
#include "engine/capture/postgres_logical/doctor.h"
#include "engine/capture/postgres_logical/replication_stream.h"
#include "engine/capture/postgres_logical/slot.h"
#include "engine/capture/postgres_logical/table_guard.h"
#include "engine/capture/postgres_logical/wire.h"
#include "engine/event/json_writer.h"

namespace rowhook {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t batch_bytes = 4 << 20;
// A position without events costs the journal an fsync: no more than one a second.
constexpr std::chrono::seconds position_interval{1};

// An eventfd: readable from raise() to clear().
class Signal {
 public:
  Signal() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (descriptor_ < 0) throw TransientError("the process has no file descriptor left");
  }
  ~Signal() { ::close(descriptor_); }
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  int descriptor() const { return descriptor_; }
  void raise() noexcept {
    const eventfd_t one = 1;
    [[maybe_unused]] const auto written = ::write(descriptor_, &one, sizeof one);
  }
  bool clear() noexcept {  // true when it was raised
    eventfd_t count = 0;
    return ::read(descriptor_, &count, sizeof count) == sizeof count;
  }

 private:
  int descriptor_;
};

// A slot cannot decode log that is older than the publication.
void refuse_older_slot(const SlotFacts& slot, const std::string& name, const std::string& publication,
                       const SourceSettings& settings) {
  if (!slot.exists || slot.wal_status == "lost") return;
  refuse_errors(check_slot(slot, name, settings));
  throw PermanentError("replication slot " + name + " was made before the publication was made: " +
                           publication + " does not exist yet",
                       "SELECT pg_drop_replication_slot('" + name +
                           "'); then resume the source: it makes both in the right order");
}

class PostgresSource final : public Source {
 public:
  explicit PostgresSource(const SourceSettings& settings)
      : settings_(settings), watches_(table_watches(settings_)), session_(settings_) {
    check_names(settings_);
  }

  void open(const Resume& resume) override;
  Batch read(milliseconds wait) override;
  void acknowledge(std::string_view position) override;
  std::string position_text(std::string_view position) const override;
  void idle(milliseconds wait) override;
  std::uint64_t lag_bytes() const override;
  void interrupt() noexcept override { signal_.raise(); }

 private:
  void prepare(PgSession& session, const SystemFacts& system);
  void prime_tables(const std::vector<TableFacts>& tables);
  void start_stream(std::unique_ptr<PgSession> replication);
  void take(std::string_view message, Batch& batch);
  void take_keepalive(std::string_view message, Batch& batch);
  void take_notices(Batch& batch);
  void add_notice_event(const TableNotice& notice, Batch& batch);
  bool is_due(const Batch& batch) const;
  Batch give(Batch batch);
  [[noreturn]] void explain(const ServerRefusal& refusal);

  const SourceSettings settings_;
  const std::vector<TableWatch> watches_;
  Signal signal_;
  SharedSession session_;

  // Set by open().
  StreamState state_;
  bool fresh_ = false;  // nothing was saved before
  Lsn position_ = 0;    // everything up to here was given to the reader, or is in pending_
  Lsn server_end_ = 0;
  ServerFacts server_;
  std::vector<TableFacts> tables_;
  std::vector<std::string> publications_;
  bool guarded_ = false;
  std::unique_ptr<ChangeDecoder> decoder_;
  std::unique_ptr<ReplicationStream> stream_;
  std::unique_ptr<TableGuard> guard_;

  Batch pending_;  // position and state without events that were not given yet
  std::uint32_t notice_ordinal_ = 0;
  steady_clock::time_point gave_position_at_;
  bool asked_ = false;   // the server wants a report now
  bool urgent_ = false;  // and waits for our position: it may be shutting down
  std::size_t last_size_ = 0;
};

void PostgresSource::open(const Resume& resume) {
  guard_.reset();
  stream_.reset();
  decoder_.reset();
  pending_ = {};
  signal_.clear();
  const std::optional<Lsn> position = parse_lsn(resume.position);
  if (!resume.position.empty() && !position)
    throw PermanentError("the stored position \"" + resume.position + "\" of " + settings_.source +
                         " is not a PostgreSQL position");
  fresh_ = !position;
  position_ = position.value_or(0);
  state_ = fresh_ ? StreamState{} : StreamState::parse(resume.state);
  if (fresh_) {
    const auto now = static_cast<std::uint32_t>(system_clock().now() / 1'000'000);
    const std::uint32_t last = epoch_of(resume.last_order);
    state_.epoch = std::max(now, last + 1);
  }
  // The slot's name may have been changed in the configuration: that is another beginning, and must be said.
  if (!fresh_ && state_.slot != slot_name(settings_))
    throw GapError("slot_name of " + settings_.source + " is now " + slot_name(settings_) +
                       ", the captured position belongs to " + state_.slot,
                   format_lsn(position_), "", gap_remedy(settings_));

  session_.renew();
  session_.with([&](PgSession& session) {
    Catalog catalog(session);
    server_ = catalog.server();
    refuse_errors(check_server(server_, catalog.slot(slot_name(settings_))));
    auto replication = std::make_unique<PgSession>(
        settings_,
        PgSession::Options{.purpose = PgSession::Purpose::replication, .interrupt = signal_.descriptor()});
    const SystemFacts system = identify_system(*replication);
    check_history(*replication, system, state_, position_, settings_);
    prepare(session, system);
    start_stream(std::move(replication));
  });
  if (guarded_) guard_ = std::make_unique<TableGuard>(settings_, watches_, tables_, session_);
  if (fresh_ || state_.text() != resume.state) {
    pending_.position = sortable_lsn(position_);
    pending_.state = state_.text();
  }
  gave_position_at_ = {};
  log::info("capturing by logical replication", {{"source", settings_.source},
                                                 {"server", server_name(settings_)},
                                                 {"slot", slot_name(settings_)},
                                                 {"position", format_lsn(position_)}});
}

void PostgresSource::prepare(PgSession& session, const SystemFacts& system) {
  Catalog catalog(session);
  const std::string slot = slot_name(settings_);
  tables_ = catalog.tables(watches_);
  const PublicationPlan plan = plan_publications(session, catalog, settings_, watches_, tables_);
  guarded_ = plan.main.ours || !plan.main.exists;
  // What is ours is put right before anything is refused: a table without identity must leave the publication
  // in any case.
  const bool made_before = plan.main.exists && plan.main.ours;
  if (made_before) apply_plan(session, plan);
  const bool missing =
      std::any_of(tables_.begin(), tables_.end(), [](const TableFacts& table) { return table.oid == 0; });
  refuse_errors(
      check_tables(watches_, tables_, state_, missing ? catalog.table_names() : std::vector<std::string>{}));
  if (!fresh_) check_resume(catalog.slot(slot), slot, position_, system.end, settings_);
  if (fresh_ && !plan.main.exists) refuse_older_slot(catalog.slot(slot), slot, plan.main_name, settings_);
  if (!made_before) apply_plan(session, plan);
  if (fresh_) {
    try {
      position_ = begin_slot(session, catalog, slot, settings_);
    } catch (...) {
      if (!plan.main.exists) drop_publications(session, catalog, settings_);
      throw;
    }
  }
  publications_ = plan.names();
  state_.system = system.system;
  state_.timeline = system.timeline;
  state_.slot = slot;
  server_end_ = std::max(system.end, position_);
  prime_tables(tables_);
}

// Tables that were not captured before start with the columns they have now, so that the first change of them
// is noticed.
void PostgresSource::prime_tables(const std::vector<TableFacts>& tables) {
  for (const TableFacts& table : tables) {
    KnownTable& known = state_.tables[table.name()];
    if (known.oid != 0) continue;
    known.oid = table.oid;
    for (const ColumnFacts& column : table.columns)
      if (!column.generated) known.columns.push_back({column.name, column.type, column.modifier});
  }
  for (auto known = state_.tables.begin(); known != state_.tables.end();) {
    const bool watched = std::any_of(tables.begin(), tables.end(),
                                     [&](const TableFacts& table) { return table.name() == known->first; });
    known = watched ? std::next(known) : state_.tables.erase(known);
  }
}

void PostgresSource::start_stream(std::unique_ptr<PgSession> replication) {
  // Once the stream runs, a table's facts are looked up while the capture thread holds nothing.
  const auto lookup = [this](const pgoutput::Relation& relation) {
    return session_.with([&](PgSession& session) { return Catalog(session).relation(relation); });
  };
  decoder_ = std::make_unique<ChangeDecoder>(settings_, watches_, state_, lookup, system_clock());
  try {
    stream_ = std::make_unique<ReplicationStream>(
        std::move(replication),
        ReplicationStream::Options{.slot = slot_name(settings_),
                                   .publications = publications_,
                                   .start = position_,
                                   .wal_sender_timeout = milliseconds{server_.wal_sender_timeout_ms},
                                   .interrupt = signal_.descriptor()});
  } catch (const ServerRefusal& refusal) {
    explain(refusal);
  }
}

bool PostgresSource::is_due(const Batch& batch) const {
  if (!batch.events.empty() || batch.state) return true;
  return batch.position && (urgent_ || steady_clock::now() - gave_position_at_ >= position_interval);
}

Batch PostgresSource::give(Batch batch) {
  if (!is_due(batch)) {
    pending_ = std::move(batch);
    return {};
  }
  last_size_ = batch.events.size();
  if (batch.position) gave_position_at_ = steady_clock::now();
  return batch;
}

Batch PostgresSource::read(milliseconds wait) {
  if (!stream_) throw TransientError("the replication stream of " + settings_.source + " is not open");
  const auto deadline = steady_clock::now() + wait;
  Batch batch = std::exchange(pending_, {});
  batch.events.reserve(last_size_);
  const auto take_one = [&](std::string_view message) {
    take(message, batch);
    return batch.events.size() < settings_.batch_size && batch.bytes < batch_bytes;
  };
  try {
    for (;;) {
      take_notices(batch);
      const bool full = stream_->drain(take_one);
      if (std::exchange(asked_, false)) stream_->acknowledge(stream_->acknowledged(), true);
      // Inside a transaction the rest of it is on its way: returning now would cost the journal an fsync
      // without a position.
      const bool whole = !decoder_->in_transaction();
      const auto now = steady_clock::now();
      if (full || (whole && is_due(batch)) || now >= deadline || signal_.clear())
        return give(std::move(batch));
      const auto until =
          whole && batch.position ? std::min(deadline, gave_position_at_ + position_interval) : deadline;
      stream_->wait(std::chrono::ceil<milliseconds>(until - now));
    }
  } catch (const ServerRefusal& refusal) {
    explain(refusal);
  }
}

void PostgresSource::take(std::string_view message, Batch& batch) {
  constexpr std::size_t header = 1 + 8 + 8 + 8;  // kind, start and end of the log, the server's clock
  if (!message.empty() && message.front() == 'w' && message.size() > header) {
    decoder_->decode(message.substr(header), batch);
    if (decoder_->committed() > position_) {
      position_ = decoder_->committed();
      server_end_ = std::max(server_end_, position_);
      stream_->received(position_);
    }
  } else if (!message.empty() && message.front() == 'k') {
    take_keepalive(message.substr(1), batch);
  } else {
    throw PermanentError("the replication stream holds a message of an unknown kind");
  }
}

// The end a keepalive names has been sent whole: outside a transaction it is a position like a commit's.
void PostgresSource::take_keepalive(std::string_view message, Batch& batch) {
  WireReader in(message);
  const Lsn end = in.u64();
  in.time();
  if (in.u8() != 0) asked_ = urgent_ = true;
  server_end_ = std::max(server_end_, end);
  if (decoder_->in_transaction() || end <= position_) return;
  position_ = end;
  batch.position = sortable_lsn(end);
  stream_->received(end);
}

void PostgresSource::acknowledge(std::string_view position) {
  const std::optional<Lsn> lsn = parse_lsn(position);
  if (!lsn || !stream_ || *lsn <= stream_->acknowledged()) return;
  stream_->acknowledge(*lsn, urgent_);
  urgent_ = false;
}

std::string PostgresSource::position_text(std::string_view position) const {
  const std::optional<Lsn> lsn = parse_lsn(position);
  return lsn ? format_lsn(*lsn) : std::string(position);
}

void PostgresSource::idle(milliseconds wait) {
  if (stream_) stream_->pause(wait);
  signal_.clear();
}

std::uint64_t PostgresSource::lag_bytes() const {
  const Lsn done = stream_ ? stream_->acknowledged() : position_;
  return server_end_ > done ? server_end_ - done : 0;
}

void PostgresSource::take_notices(Batch& batch) {
  if (!guard_ || decoder_->in_transaction()) return;
  for (const TableNotice& notice : guard_->take()) {
    switch (notice.kind) {
      case TableNotice::Kind::identity_lost:
        throw GapError(
            notice.table + " has lost its replica identity: its updates and deletes cannot be captured",
            format_lsn(position_), "",
            notice.remedy + "\nthen POST /api/v1/sources/" + settings_.source + "/resume");
      case TableNotice::Kind::failed:
        throw PermanentError(notice.detail, notice.remedy);
      case TableNotice::Kind::dropped:
      case TableNotice::Kind::created_again:
        add_notice_event(notice, batch);
    }
  }
}

// Between the last transaction and the next: behind the commit record of the one, before that of the other.
void PostgresSource::add_notice_event(const TableNotice& notice, Batch& batch) {
  const std::size_t dot = notice.table.find('.');
  Shape shape;
  shape.source = settings_.source;
  shape.connection = settings_.connection;
  shape.method = settings_.method;
  shape.database = settings_.database;
  shape.schema = notice.table.substr(0, dot);
  shape.table = notice.table.substr(dot + 1);
  const bool dropped = notice.kind == TableNotice::Kind::dropped;
  if (dropped && !settings_.track_schema_changes) return;
  Event& event = batch.events.emplace_back();
  event.shape = seal(std::move(shape));
  event.type = dropped ? event_type::schema_changed : event_type::capture_gap;
  event.order = change_order(state_.epoch, position_ == 0 ? 0 : position_ - 1);
  event.ordinal = notice_ordinal_++;
  event.id = make_event_id(*event.shape, event.order, event.ordinal);
  event.position = format_lsn(position_);
  event.timestamp = event.captured_at = system_clock().now();
  const auto member = [&](std::string_view name, std::string_view text) {
    if (!event.detail.empty()) event.detail += ',';
    write_json_string(event.detail, name);
    event.detail += ':';
    write_json_string(event.detail, text);
  };
  if (dropped) {
    member("change_type", "DROP");
    member("object_type", "TABLE");
    member("object_name", event.shape->table);
    event.detail += ",\"ddl_statement\":null";
  } else {
    member("from", format_lsn(position_));
    member("to", format_lsn(server_end_));
    member("reason",
           notice.table +
               " was created again and is captured from now on: rows written before that were not captured");
    member("remedy", "compare or reload the rows of " + notice.table);
  }
  batch.bytes += sizeof(Event);
}

void PostgresSource::explain(const ServerRefusal& refusal) {
  const std::string slot = slot_name(settings_);
  if (refusal.sqlstate() == "42704") {  // publication does not exist
    const std::string reason =
        std::string(refusal.what()) + ": the log of slot " + slot + " begins before the publication was made";
    if (fresh_)
      throw PermanentError(reason, "SELECT pg_drop_replication_slot('" + slot +
                                       "'); then resume the source: it makes a new slot");
    throw GapError(reason, format_lsn(position_), "",
                   "SELECT pg_drop_replication_slot('" + slot + "'); " + gap_remedy(settings_));
  }
  if (refusal.sqlstate() == "58P01")
    throw GapError(refusal.what(), format_lsn(position_), "", gap_remedy(settings_));
  if (refusal.sqlstate() == "55000")
    throw TransientError(refusal.what());  // invalidated: the next open() sees why
  if (refusal.sqlstate() == "22P05" || refusal.sqlstate() == "22021")
    throw PermanentError(
        refusal.what(),
        "a row holds text that does not exist in UTF-8; correct the row's text, then drop the slot: "
        "SELECT pg_drop_replication_slot('" +
            slot + "');");
  throw refusal;
}

std::unique_ptr<Source> make_source(const SourceSettings& settings) {
  return std::make_unique<PostgresSource>(settings);
}

}  // namespace

const SourceType postgres_logical{.database = "postgresql",
                                  .method = "log_based",
                                  .make = make_source,
                                  .doctor = diagnose,
                                  .remove = remove_capture};

}  // namespace rowhook
