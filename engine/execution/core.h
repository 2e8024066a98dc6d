// What the scheduler's threads share. Lock order: lanes, then low_water or the writer's queue.
#pragma once

#include <atomic>
#include <map>
#include <mutex>

#include "engine/base/guarded.h"
#include "engine/execution/executors.h"
#include "engine/execution/lanes.h"
#include "engine/execution/log_writer.h"
#include "engine/execution/low_water.h"
#include "engine/execution/scheduler.h"

namespace rowhook {

// What retries go on from, kept while there is room: about `limit` bytes of step outputs, lowest seq dropped
// first. What is dropped runs from the start again, under the same ids. Thread safety: none.
class KeptProgress {
 public:
  explicit KeptProgress(std::size_t limit) : limit_(limit) {}
  struct Kept {
    ItemPtr item;
    RunState progress;
    WorkflowPtr workflow;
    StateChanges changes;
    std::size_t bytes = 0;
  };
  void keep(const ExecutionKey& key, Kept kept);
  std::optional<Kept> take(const ExecutionKey& key);

 private:
  std::size_t limit_, bytes_ = 0;
  std::map<std::pair<std::uint64_t, std::int64_t>, Kept> kept_;
};

struct ExecutionMetrics {
  explicit ExecutionMetrics(Metrics& metrics);
  Counter& routed;
  Counter& matched;
  std::array<Counter*, 7> by_status;
  Histogram& duration;
  Histogram& start_delay;
  Gauge &live, &running, &blocked_lanes, &parked_triggers, &open_breakers;
  Counter& breakers_opened;
};

// Thread safety: safe to share.
class SchedulerCore {
 public:
  SchedulerCore(Scheduler::Parts its_parts, const SchedulerSettings& its_settings);

  Micros steady() const;
  RouterPtr router() const {
    return router_.with([](const RouterPtr& router) { return router; });
  }
  void set_router(RouterPtr router);
  // Starts what may start now.
  void start_ready();
  // Called by the executors: writes what ended, frees its lanes, gives what runs next.
  std::vector<LiveExecution*> finished(std::vector<Finished>& ended);

  const Scheduler::Parts parts;
  const SchedulerSettings settings;
  ExecutionMetrics metrics;
  Guarded<Lanes> lanes;
  Guarded<LowWater> low_water{1};
  Guarded<KeptProgress> kept;
  LogWriter writer;
  Executors executors;
  std::mutex routing;  // held while a batch is routed: nobody changes the router in the middle
  std::atomic<std::uint64_t> routed{
      0};  // every event up to here was matched, and its rows are in the writer's queue
  std::atomic<bool> router_waits{false};  // for room in the lanes
  std::atomic<bool> recovered{false};     // what an earlier process left is known
  std::atomic<bool> stopping{false};
  std::function<void()> something_parked;  // wakes Parking
  std::function<void(std::int64_t, const std::string&)>
      endpoint_is_gone;  // asks Parking to switch a trigger off

 private:
  void written(const Rows& rows);
  void keep_progress(LiveExecution& job);
  void tell_breakers(const std::vector<Lanes::Breaker>& changes, const std::vector<Finished>& ended);
  Guarded<RouterPtr> router_;
};

Lanes::Limits lane_limits(const SchedulerSettings& settings);

}  // namespace rowhook
