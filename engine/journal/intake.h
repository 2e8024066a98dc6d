#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "engine/base/backoff.h"
#include "engine/base/errors.h"
#include "engine/base/guarded.h"
#include "engine/base/metrics.h"
#include "engine/capture/source.h"
#include "engine/journal/journal.h"

namespace rowhook {

enum class IntakeState {
  running,
  degraded,  // trying again by itself: the connection, or room in the journal
  gap,       // history is lost; waits until somebody calls resume()
  failed,    // needs a person; tried again slowly, so that it heals when the database is mended
  paused,    // by pause()
};
std::string_view to_string(IntakeState state);

// What health says about a source. True within two seconds.
struct SourceState {
  std::string name;  // the source
  IntakeState state = IntakeState::degraded;
  std::string reason;           // one sentence; "" while running
  std::string remedy;           // the command or SQL that mends it; "" if none is needed
  std::string position;         // Resume::position, as the database prints it: "0/16B3748"
  double lag_seconds = 0;       // how far the journal is behind the database: 0 when caught up
  std::uint64_t lag_bytes = 0;  // history the database holds for us; 0 if unknown
};

struct IntakeOptions {
  Backoff backoff{std::chrono::milliseconds{500}, std::chrono::seconds{20}};  // after a TransientError
  std::chrono::milliseconds failed_retry{30'000};                             // after a PermanentError
  std::chrono::milliseconds read_wait{1000};  // how long one read may wait; bounds how old the state is
};

// Moves one source's events into the journal on a thread of its own: read, append, acknowledge. A transaction
// of the journal takes what one read gave, which is all there was when the one before had been synced: the
// busier the source, the larger. No more than one a millisecond, so that a busy database pays for fewer syncs
// and wake-ups; the first change after a quiet millisecond does not wait.
//
// A GapError becomes a Gap in the journal and an event `capture_gap`, once. A source that starts failing
// becomes an event `database_error`, once per outage. While the journal takes nothing, the connection is kept
// alive without reading on. Thread safety: safe to share.
class Intake {
 public:
  // `settings` name the source and its connection; `source` must have been made from them. `journal`, `clock`
  // and `metrics` must outlive the intake.
  Intake(SourceSettings settings, std::unique_ptr<Source> source, Journal& journal, const Clock& clock,
         Metrics& metrics, const IntakeOptions& options = {}, Random random = system_random());
  ~Intake();  // stops
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  void start();
  // Ends after the append in progress; everything appended was acknowledged to the source. Idempotent.
  void stop();
  void pause();
  // Goes on after pause(). In state gap: accepts the gap, and the source starts anew from now on. In state
  // failed or degraded: tries again at once.
  void resume();
  SourceState state() const;
  const std::string& name() const { return settings_.source; }

 private:
  struct Control {
    bool stop = false, paused = false;
    bool accepted = false;  // resume() was called
  };
  struct View {
    IntakeState state = IntakeState::degraded;
    std::string reason = "starting", remedy;
    std::string position;
    Micros current_to = 0;  // the journal holds everything the database committed up to here
    bool caught_up = false;
    std::uint64_t lag_bytes = 0;
  };

  void run();
  void stream();
  void append(Batch& batch);
  bool is_full(const Batch& batch) const;
  void note_read(const Batch& batch, Micros asked_at);

  void on_transient(const Error& error);
  void on_permanent(const std::string& reason, const std::string& remedy);
  void on_gap(const GapError& error);
  void report_outage(std::string_view type, const std::string& message, const std::string& remedy);
  void record(const Gap& gap);
  // Repeats a write while the journal takes nothing; false when stopping.
  bool until_journaled(const std::function<void()>& write);

  void show(IntakeState state, const std::string& reason, const std::string& remedy);
  void show_paused(View& view) const;
  bool stopping();
  bool paused();
  void rest(std::chrono::milliseconds time);  // or until stop(), pause() or resume()

  SourceSettings settings_;
  std::unique_ptr<Source> source_;
  Journal& journal_;
  const Clock& clock_;
  IntakeOptions options_;
  Random random_;
  Counter& captured_;
  Counter& redelivered_;
  Counter& outages_;
  ShapePtr shape_;         // of the events the intake itself makes
  unsigned attempts_ = 0;  // failures in a row
  Guarded<Control> control_;
  Guarded<View> view_;
  std::thread thread_;
};

}  // namespace rowhook
