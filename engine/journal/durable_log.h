#pragma once

#include <atomic>
#include <set>
#include <thread>

#include "engine/base/guarded.h"
#include "engine/journal/append_queue.h"
#include "engine/journal/recent_events.h"
#include "engine/journal/storage.h"

namespace rowhook {

struct DurableLogOptions {
  Retention retention;
  std::size_t recent_bytes = 16U << 20;  // events kept in memory for readers
  std::chrono::milliseconds housekeeping_interval{5000};
};

// The journal over any storage: numbering, redeliveries, group commit, budget, waiting readers, recovery
// after failed writes. Thread safety: as Journal.
class DurableLog final : public Journal {
 public:
  // Opens the storage; throws what it throws.
  DurableLog(std::unique_ptr<JournalStorage> storage, const DurableLogOptions& options);
  ~DurableLog() override;

  Appended append(const std::string& source, Batch& batch, bool check_ids) override;
  Resume resume(const std::string& source) override;
  std::vector<EventPtr> read(std::uint64_t from_seq, std::size_t limit, std::size_t max_bytes) override;
  std::uint64_t wait(std::uint64_t from_seq, std::chrono::milliseconds time) override;
  std::uint64_t last_seq() const override { return last_seq_; }
  EventPtr find(std::string_view event_id) override;
  EventPtr at(std::uint64_t seq) override;
  std::vector<EventPtr> list(const EventFilter& filter) override;
  std::uint64_t count(const EventFilter& filter) override;
  void record_gap(const Gap& gap) override;
  std::vector<Gap> gaps(const std::string& source) override;
  void forget(const std::string& source) override;
  void set_low_water(std::uint64_t low_water) override;
  JournalStatus status() const override;

 private:
  // What readers see of the state; the writer has its own in state_.
  struct Published {
    std::map<std::string, Resume> positions;
    std::vector<Gap> gaps;
    std::string trouble;
    bool full = false;
  };
  struct Housekeeping {
    bool due = false, stop = false;
  };
  // What a request's batch becomes.
  struct Plan {
    WriteSet set;
    std::vector<Event*> fresh;                    // the same events as set.events
    std::map<std::string, std::uint64_t> posted;  // seq by id of posted events known already or in this set
  };

  void write(std::span<AppendRequest*> requests) noexcept;
  void recover_if_needed();
  void plan_all(std::span<AppendRequest*> requests, Plan& plan);
  void plan_batch(AppendRequest& request, Plan& plan, std::uint64_t& next_seq);
  bool redelivered(const AppendRequest& request, Plan& plan, const Resume& resume, Event& event) const;
  void admit(const WriteSet& set);
  void publish(Plan& plan);
  void advance(std::uint64_t last_seq);
  void fail(std::span<AppendRequest*> requests, Plan& plan, const std::exception_ptr& error);
  void poke_housekeeping();
  void run_housekeeping();

  DurableLogOptions options_;
  std::unique_ptr<JournalStorage> storage_;
  RecentEvents recent_;
  JournalState state_;           // touched by the writing caller only
  bool needs_recovery_ = false;  // likewise
  Guarded<Published> published_;
  std::atomic<std::uint64_t> last_seq_{0}, low_water_{0};
  std::atomic<int> waiters_{0};
  Guarded<std::uint64_t> progress_{0U};  // last_seq_, for waiting
  AppendQueue queue_;
  Guarded<Housekeeping> housekeeping_;
  std::thread housekeeper_;
};

}  // namespace rowhook
