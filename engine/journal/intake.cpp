#include "engine/journal/intake.h"

#include "engine/base/errors.h"
#include "engine/base/log.h"
#include "engine/journal/source_events.h"

namespace rowhook {
namespace {

// How long the source is kept alive between two tries to append to a journal that takes nothing.
constexpr Backoff journal_backoff{std::chrono::milliseconds{20}, std::chrono::milliseconds{1000}};
constexpr std::size_t full_batch_bytes = 4U << 20;  // see Source::read
// From the begin of an append to the next read, unless the source has a full batch waiting.
constexpr std::chrono::milliseconds gathering{1};

bool same_gap(const Gap& a, const Gap& b) { return a.from == b.from && a.to == b.to && a.reason == b.reason; }

}  // namespace

std::string_view to_string(IntakeState state) {
  switch (state) {
    case IntakeState::running:
      return "running";
    case IntakeState::degraded:
      return "degraded";
    case IntakeState::gap:
      return "gap";
    case IntakeState::failed:
      return "failed";
    case IntakeState::paused:
      break;
  }
  return "paused";
}

Intake::Intake(SourceSettings settings, std::unique_ptr<Source> source, Journal& journal, const Clock& clock,
               Metrics& metrics, const IntakeOptions& options, Random random)
    : settings_(std::move(settings)),
      source_(std::move(source)),
      journal_(journal),
      clock_(clock),
      options_(options),
      random_(std::move(random)),
      captured_(metrics.counter("rowhook_captured_events_total", "Events written to the journal",
                                {{"source", settings_.source}})),
      redelivered_(metrics.counter("rowhook_redelivered_events_total", "Events the database sent again",
                                   {{"source", settings_.source}})),
      outages_(metrics.counter("rowhook_source_outages_total", "Times a source started failing",
                               {{"source", settings_.source}})),
      shape_(source_event_shape(settings_)) {}

Intake::~Intake() { stop(); }

void Intake::start() {
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void Intake::stop() {
  control_.with([](Control& control) { control.stop = true; });
  control_.notify();
  source_->interrupt();
  if (thread_.joinable()) thread_.join();
}

void Intake::pause() {
  control_.with([](Control& control) { control.paused = true; });
  view_.with([this](View& view) {  // at once: what the read in progress still brings is journaled
    if (view.state == IntakeState::running) show_paused(view);
  });
  control_.notify();
  source_->interrupt();
}

void Intake::resume() {
  control_.with([](Control& control) {
    control.paused = false;
    control.accepted = true;
  });
  view_.with([](View& view) {
    if (view.state != IntakeState::paused) return;
    view.state = IntakeState::running;  // until the next read knows better
    view.reason.clear();
    view.remedy.clear();
  });
  control_.notify();
  source_->interrupt();
}

SourceState Intake::state() const {
  return view_.with([&](const View& view) {
    SourceState state{
        settings_.source, view.state, view.reason, view.remedy, source_->position_text(view.position), 0,
        view.lag_bytes};
    if (view.state == IntakeState::running && view.caught_up) return state;
    const Micros behind = view.current_to == 0 ? 0 : clock_.now() - view.current_to;
    state.lag_seconds = behind > 0 ? static_cast<double>(behind) / 1e6 : 0;
    return state;
  });
}

// ---- the thread ----

void Intake::run() {
  EventFilter newest;
  newest.source = settings_.source;
  newest.limit = 1;
  while (!stopping()) {
    try {
      if (view_.with([](const View& view) { return view.current_to == 0; })) {
        const auto events = journal_.list(newest);
        view_.with([&](View& view) {
          view.current_to = events.empty() ? clock_.now() : events.front()->timestamp;
          view.position = journal_.resume(settings_.source).position;
        });
      }
      stream();
    } catch (const GapError& error) {
      on_gap(error);
    } catch (const TransientError& error) {
      on_transient(error);
    } catch (const Error& error) {
      on_permanent(error.what(), error.hint());
    } catch (const std::exception& error) {
      on_permanent(error.what(), "");
    }
  }
}

void Intake::stream() {
  while (!stopping() && paused()) rest(options_.read_wait);
  if (stopping()) return;
  source_->open(journal_.resume(settings_.source));
  while (!stopping()) {
    if (paused()) {
      source_->idle(options_.read_wait);
      continue;
    }
    const Micros asked_at = clock_.now();
    Batch batch = source_->read(options_.read_wait);
    attempts_ = 0;
    show(IntakeState::running, "", "");
    const auto appending_at = std::chrono::steady_clock::now();
    if (!batch.empty()) append(batch);
    note_read(batch, asked_at);
    if (!batch.empty() && !is_full(batch)) std::this_thread::sleep_until(appending_at + gathering);
  }
}

bool Intake::is_full(const Batch& batch) const {
  return batch.events.size() >= settings_.batch_size || batch.bytes >= full_batch_bytes;
}

void Intake::append(Batch& batch) {
  for (unsigned tries = 1;; ++tries) {
    try {
      const Appended appended = journal_.append(settings_.source, batch);
      captured_.add(static_cast<double>(appended.count));
      if (appended.duplicates > 0) redelivered_.add(static_cast<double>(appended.duplicates));
      break;
    } catch (const TransientError& error) {
      show(IntakeState::degraded, error.what(), error.hint());
      if (stopping()) return;
      source_->idle(journal_backoff.delay(tries, random_));
      if (stopping()) return;
    }
  }
  show(IntakeState::running, "", "");
  if (batch.position) source_->acknowledge(*batch.position);
}

void Intake::note_read(const Batch& batch, Micros asked_at) {
  const std::uint64_t lag_bytes = source_->lag_bytes();
  view_.with([&](View& view) {
    view.caught_up = !is_full(batch);
    if (view.caught_up) view.current_to = std::max(view.current_to, asked_at);
    if (!batch.events.empty()) view.current_to = std::max(view.current_to, batch.events.back().timestamp);
    if (batch.position) view.position = *batch.position;
    view.lag_bytes = lag_bytes;
  });
}

// ---- failures ----

void Intake::on_transient(const Error& error) {
  if (stopping()) return;
  show(IntakeState::degraded, error.what(), error.hint());
  if (++attempts_ == 1) report_outage("transient", error.what(), error.hint());
  rest(options_.backoff.delay(attempts_, random_));
}

void Intake::on_permanent(const std::string& reason, const std::string& remedy) {
  if (stopping()) return;
  show(IntakeState::failed, reason, remedy);
  if (++attempts_ == 1) report_outage("permanent", reason, remedy);
  rest(options_.failed_retry);
}

void Intake::report_outage(std::string_view type, const std::string& message, const std::string& remedy) {
  outages_.add();
  log::warning("a source fails", {{"source", settings_.source}, {"reason", message}});
  Batch batch;
  batch.events.push_back(
      make_error_event(shape_, {std::string(type), message, remedy, attempts_ - 1, clock_.now()}));
  try {
    journal_.append(settings_.source, batch);
  } catch (const TransientError& error) {
    // The journal's own trouble is in its status; the outage is in the log and in the state.
    log::warning("the outage could not be journaled",
                 {{"source", settings_.source}, {"reason", error.what()}});
  }
}

void Intake::on_gap(const GapError& error) {
  if (stopping()) return;
  const Gap gap{settings_.source, error.from(), error.to(), error.what(), error.hint(), clock_.now()};
  control_.with([](Control& control) { control.accepted = false; });
  show(IntakeState::gap, gap.reason, gap.remedy);
  log::error("history of a source is lost; it waits until somebody accepts that",
             {{"source", gap.source}, {"from", gap.from}, {"to", gap.to}, {"reason", gap.reason}});
  if (!until_journaled([&] { record(gap); })) return;
  {
    auto control = control_.lock();
    control.wait([&] { return control->stop || control->accepted; });
    control->accepted = false;
    if (control->stop) return;
  }
  attempts_ = 0;
  // The position goes, what recognises the database stays: event ids must differ from those before the gap.
  until_journaled([&] { journal_.forget(settings_.source); });
}

void Intake::record(const Gap& gap) {
  // The engine may have been stopped in state gap; then the same gap is found again at the next start.
  const auto known = journal_.gaps(settings_.source);
  if (known.empty() || !same_gap(known.back(), gap)) journal_.record_gap(gap);
  Batch batch;
  batch.events.push_back(make_gap_event(shape_, gap));
  journal_.append(settings_.source, batch, true);
}

bool Intake::until_journaled(const std::function<void()>& write) {
  for (unsigned tries = 1; !stopping(); ++tries) {
    try {
      write();
      return true;
    } catch (const TransientError&) {
      auto control = control_.lock();
      control.wait_for(journal_backoff.delay(tries, random_), [&] { return control->stop; });
    }
  }
  return false;
}

void Intake::show(IntakeState state, const std::string& reason, const std::string& remedy) {
  const bool paused = control_.with([](const Control& control) { return control.paused; });
  view_.with([&](View& view) {
    if (view.state == state && view.reason == reason) return;
    if (paused && state == IntakeState::running) return show_paused(view);
    view.state = state;
    view.reason = reason;
    view.remedy = remedy;
    if (state != IntakeState::running) view.caught_up = false;
  });
}

bool Intake::stopping() {
  return control_.with([](const Control& control) { return control.stop; });
}

bool Intake::paused() {
  const bool paused = control_.with([](const Control& control) { return control.paused; });
  if (paused) view_.with([this](View& view) { show_paused(view); });
  return paused;
}

void Intake::show_paused(View& view) const {
  view.state = IntakeState::paused;
  view.reason = "paused by an operator";
  view.remedy = "POST /api/v1/sources/" + settings_.source + "/resume";
  view.caught_up = false;
}

void Intake::rest(std::chrono::milliseconds time) {
  auto control = control_.lock();
  control->accepted = false;
  const bool was_paused = control->paused;
  control.wait_for(time, [&] { return control->stop || control->accepted || control->paused != was_paused; });
}

}  // namespace rowhook
