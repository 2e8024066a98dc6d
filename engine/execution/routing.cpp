#include "engine/execution/routing.h"

#include <pthread.h>

#include <algorithm>

#include "engine/base/log.h"

namespace rowhook {

namespace {

constexpr std::size_t batch_events = 256;
constexpr std::size_t batch_bytes = 4u << 20;
constexpr std::size_t slice_candidates = 512;   // one event may match many triggers
constexpr std::size_t longest_span = 1u << 18;  // events between the low-water mark and the newest one routed
constexpr std::chrono::milliseconds idle_wait{100};
constexpr std::chrono::milliseconds room_wait{20};

bool is_limit(const ScriptError& error) {
  return error.type == ScriptError::Type::time_limit || error.type == ScriptError::Type::killed ||
         error.type == ScriptError::Type::memory_limit;
}

}  // namespace

void Routing::start() {
  thread_ = std::thread([this] { run(); });
}

void Routing::stop() {
  if (thread_.joinable()) thread_.join();
}

void Routing::run() {
  pthread_setname_np(pthread_self(), "rowhook-route");
  std::string said;
  while (!core_.stopping) try {
      if (!core_.recovered) recover();
      if (!wait_for_room()) continue;
      if (core_.parts.journal->wait(next_, idle_wait) < next_) continue;
      auto events = core_.parts.journal->read(next_, batch_events, batch_bytes);
      if (events.empty()) {
        std::this_thread::sleep_for(
            room_wait);  // announced, yet not readable: not to be asked in a tight loop
        continue;
      }
      route(std::move(events));
      said.clear();
    } catch (const std::exception& error) {
      if (said != error.what()) log::error("routing is held up; trying again", {{"error", error.what()}});
      said = error.what();
      std::this_thread::sleep_for(idle_wait);
    }
}

void Routing::recover() {
  ExecutionLog& log = *core_.parts.log;
  next_ = core_.low_water.with([](const LowWater& low) { return low.mark(); });
  with_row_.clear();
  for (const auto& id : log.ids_from(next_))
    if (const auto key = parse_execution_id(id)) {
      with_row_.insert(*key);
      with_row_until_ = std::max(with_row_until_, key->seq);
    }
  std::map<std::int64_t, std::uint64_t> parked;  // trigger, newest seq
  each_parked(log, 0, [&](const Execution& row) {
    if (row.trigger_id != 0) parked[row.trigger_id] = row.seq;
    return !core_.stopping;
  });
  core_.lanes.with([&](Lanes& lanes) {
    for (const auto& [trigger_id, newest] : parked) lanes.spill_from_start(trigger_id, newest);
  });
  core_.routed = next_ - 1;
  core_.recovered = true;
  core_.something_parked();
}

bool Routing::wait_for_room() {
  const bool narrow = core_.low_water.with([](const LowWater& low) { return low.span() < longest_span; });
  auto lanes = core_.lanes.lock();
  if (narrow && lanes->may_read(core_.steady())) return true;
  Rows rows;
  for (const auto& job : lanes->relieve(core_.steady()))
    rows.add(row_of(*job, ExecutionStatus::pending), {job->seq, job->trigger->trigger.id, true, true});
  // Under the lock: whoever loads a lane's rows after this must find them in the writer's queue.
  core_.writer.add(std::move(rows));
  core_.router_waits = true;
  lanes.wait_for(room_wait, [&] { return core_.stopping || (narrow && lanes->may_read(core_.steady())); });
  core_.router_waits = false;
  return false;
}

void Routing::route(std::vector<EventPtr> events) {
  std::size_t begin = 0;
  while (begin < events.size() && !core_.stopping) {
    const std::lock_guard<std::mutex> hold(core_.routing);
    const RouterPtr router = core_.router();
    // As many events as fit a slice; mostly all of them.
    std::vector<EventPtr> some(events.begin() + static_cast<std::ptrdiff_t>(begin), events.end());
    auto candidates = router ? router->candidates(some) : std::vector<Candidate>();
    if (candidates.size() > slice_candidates) {
      const EventPtr& cut = candidates[slice_candidates].event;
      const auto place = std::find(some.begin(), some.end(), cut);
      some.erase(place == some.begin() ? place + 1 : place, some.end());
      std::erase_if(candidates, [&](const Candidate& c) { return c.event->seq > some.back()->seq; });
    }
    begin += some.size();
    core_.metrics.routed.add(static_cast<double>(some.size()));
    route_some(some, std::move(candidates));
    next_ = some.back()->seq + 1;
    core_.routed = next_ - 1;
  }
}

void Routing::route_some(const std::vector<EventPtr>& events, std::vector<Candidate> candidates) {
  if (events.front()->seq <= with_row_until_)
    std::erase_if(candidates, [&](const Candidate& c) {
      return with_row_.contains({c.event->seq, c.trigger->trigger.id});
    });
  else if (!with_row_.empty())
    with_row_.clear();
  auto jobs = make_jobs(std::move(candidates));
  open_events(events, jobs);
  if (jobs.empty()) {
    core_.writer.touch();
    return;
  }
  core_.metrics.matched.add(static_cast<double>(jobs.size()));
  admit(std::move(jobs));
}

// A job per candidate that fires. Scripts that have shown to be quick are asked here, in one batch; others
// when the job's turn comes, so that they hold up nobody.
std::vector<std::unique_ptr<LiveExecution>> Routing::make_jobs(std::vector<Candidate> candidates) {
  std::vector<std::unique_ptr<LiveExecution>> jobs(candidates.size());
  std::vector<Candidate> now;
  std::vector<std::size_t> places;
  const Micros wall = core_.parts.clock->now();
  core_.lanes.with([&](Lanes& lanes) {
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const CompiledTrigger& trigger = *candidates[i].trigger;
      const bool later =
          lanes.is_spilling(trigger.trigger.id) ||
          (trigger.has_scripts() && (trigger.keeps_state() || !lanes.scripts_in_batch(trigger)));
      if (later) continue;
      now.push_back(candidates[i]);
      places.push_back(i);
    }
  });
  auto matches = now.empty() ? std::vector<Match>() : Router::evaluate(now, *core_.parts.scripts);
  core_.lanes.with([&](Lanes& lanes) {
    for (const auto& match : matches)
      if (match.trigger->has_scripts())
        lanes.scripts_took(*match.trigger, match.script_time.count() / 1000,
                           match.error && is_limit(*match.error));
  });
  std::size_t next = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (next == places.size() || places[next] != i) {
      jobs[i] =
          make_live({std::move(candidates[i].trigger), std::move(candidates[i].event), nullptr, {}}, wall);
    } else if (Match& match = matches[next++]; match.fires()) {
      jobs[i] = make_live(std::move(match), wall);
    }
  }
  std::erase(jobs, nullptr);
  return jobs;
}

void Routing::open_events(const std::vector<EventPtr>& events,
                          const std::vector<std::unique_ptr<LiveExecution>>& jobs) {
  core_.low_water.with([&](LowWater& low) {
    std::size_t next = 0;
    for (const auto& event : events) {
      std::uint32_t count = 0;
      for (; next < jobs.size() && jobs[next]->seq == event->seq; ++next) ++count;
      low.open(event->seq, count);
    }
  });
}

void Routing::admit(std::vector<std::unique_ptr<LiveExecution>> jobs) {
  std::vector<LiveExecution*> start;
  core_.lanes.with([&](Lanes& lanes) {
    const Micros now = core_.steady();
    Rows rows;
    for (auto& job : jobs) {
      const std::int64_t trigger_id = job->trigger->trigger.id;
      if (hops_of(*job->event) >= max_hops) {
        Execution row = row_of(*job, ExecutionStatus::dead_letter);
        row.error_message = "loop: the change came out of " + std::to_string(max_hops) +
                            " executions that caused one another";
        row.finished_at = row.created_at;
        rows.add(std::move(row), {job->seq, trigger_id, true, false});
      } else if (!lanes.admit(job, now)) {
        rows.add(row_of(*job, ExecutionStatus::pending), {job->seq, trigger_id, true, true});
      }
    }
    // Under the lock: whoever loads a lane's rows after this must find them in the writer's queue.
    core_.writer.add(std::move(rows));
    lanes.take(SIZE_MAX, now, start);
  });
  core_.executors.submit(std::move(start));
}

}  // namespace rowhook
