#include "engine/execution/lanes.h"

#include <algorithm>

#include "engine/execution/lane_state.h"

namespace rowhook {

namespace {
constexpr unsigned calls_to_trust = 32;
constexpr unsigned longest_trust = 1u << 20;
constexpr double slow_script = 200;  // microseconds; a batch has up to 256 calls
constexpr std::size_t least_share = 16;
constexpr std::size_t least_bytes = 1u << 20;
}  // namespace

Lanes::Lanes(Limits limits) : limits_(limits) {}

Lanes::~Lanes() {
  while (first_live_) (void)release(first_live_);
}

Lanes::TriggerState& Lanes::state(std::int64_t trigger_id) {
  auto& found = triggers_[trigger_id];
  if (!found) {
    found = std::make_unique<TriggerState>();
    found->id = trigger_id;
  }
  return *found;
}

const Lanes::TriggerState* Lanes::known(std::int64_t trigger_id) const {
  const auto found = triggers_.find(trigger_id);
  return found == triggers_.end() ? nullptr : found->second.get();
}

Lanes::Lane& Lanes::lane_for(TriggerState& trigger, std::uint64_t id) {
  Lane& lane = trigger.lanes[id];
  lane.id = id;
  lane.trigger = &trigger;
  return lane;
}

bool Lanes::scripts_in_batch(const CompiledTrigger& trigger) {
  TriggerState& known = state(trigger.trigger.id);
  const std::uint64_t scripts =
      (trigger.filter ? trigger.filter->id : 0) * 31 + (trigger.transform ? trigger.transform->id : 0);
  if (known.scripts != scripts) {
    known.scripts = scripts;
    known.good_calls = 0;
    known.calls_needed = calls_to_trust;
    known.distrusted = false;
  }
  return known.good_calls >= known.calls_needed && known.mean_time < slow_script;
}

void Lanes::scripts_took(const CompiledTrigger& trigger, Micros time, bool hit_a_limit) {
  TriggerState& known = state(trigger.trigger.id);
  if (hit_a_limit) {
    known.good_calls = 0;
    known.calls_needed =
        std::min(known.calls_needed * 8, longest_trust);  // it held up a batch, or would have
    known.distrusted = true;
    return;
  }
  const auto sample = static_cast<double>(time);
  known.mean_time = known.good_calls == 0 ? sample : known.mean_time * 0.9 + sample * 0.1;
  if (known.good_calls < known.calls_needed) ++known.good_calls;
  if (known.good_calls >= calls_to_trust) known.distrusted = false;
}

bool Lanes::over_share(const TriggerState& trigger) const {
  const std::size_t jobs = limits_.jobs > live_ ? limits_.jobs - live_ : 0;
  const std::size_t bytes = limits_.bytes > bytes_ ? limits_.bytes - bytes_ : 0;
  return trigger.live >= std::max(jobs, least_share) || trigger.bytes >= std::max(bytes, least_bytes);
}

bool Lanes::is_slow(const TriggerState& trigger, Micros now) const {
  if (active_triggers_ <= 1 || trigger.live == 0) return false;  // alone, it may hold up the router
  return trigger.last_wait > limits_.slow_wait || now - trigger.last_start > limits_.slow_wait;
}

bool Lanes::must_spill(const TriggerState& trigger, Micros now) const {
  if (trigger.blocked >= limits_.blocked_lanes) return true;
  return over_share(trigger) && (trigger.open_until != 0 || is_slow(trigger, now));
}

bool Lanes::admit(std::unique_ptr<LiveExecution>& job, Micros now) {
  TriggerState& trigger = state(job->trigger->trigger.id);
  if (!trigger.spilling && must_spill(trigger, now)) spill(trigger, job->seq);
  ++trigger.live;  // as a job or as a row
  ++live_;
  if (trigger.spilling) {
    trigger.last_spilled = job->seq;
    return false;
  }
  Lane& lane = lane_for(trigger, job->lane);
  if (lane.blocked) {
    lane.last_behind = job->seq;
    return false;
  }
  --trigger.live;  // insert counts it
  --live_;
  insert(lane, std::move(job), now);
  if (!trigger.in_over_share && over_share(trigger)) {
    trigger.in_over_share = true;
    over_share_.push_back(&trigger);
  }
  return true;
}

bool Lanes::admit_retry(std::unique_ptr<LiveExecution>& job, Micros now) {
  TriggerState& trigger = state(job->trigger->trigger.id);
  Lane& lane = lane_for(trigger, job->lane);
  if (lane.running && lane.running->seq == job->seq) return false;
  for (const LiveExecution* waiting = lane.first; waiting; waiting = waiting->next)
    if (waiting->seq == job->seq) return false;
  job->has_row = job->is_retry = true;
  insert(lane, std::move(job), now);
  return true;
}

// Into the lane by seq and into the list of live jobs.
void Lanes::insert(Lane& lane, std::unique_ptr<LiveExecution> owned, Micros now) {
  LiveExecution* job = owned.release();
  job->waiting_since = now;
  if (!lane.first || lane.last->seq < job->seq) {
    job->next = nullptr;
    (lane.first ? lane.last->next : lane.first) = job;
    lane.last = job;
  } else {
    LiveExecution** place = &lane.first;
    while ((*place)->seq < job->seq) place = &(*place)->next;
    job->next = *place;
    *place = job;
  }
  TriggerState& trigger = *lane.trigger;
  if (trigger.live == 0) trigger.last_start = now;  // it has not been waiting
  job->previous_live = last_live_;
  job->next_live = nullptr;
  (last_live_ ? last_live_->next_live : first_live_) = job;
  last_live_ = job;
  ++live_;
  ++trigger.live;
  bytes_ += job->bytes;
  trigger.bytes += job->bytes;
  make_ready(lane);
}

std::unique_ptr<LiveExecution> Lanes::release(LiveExecution* job) {
  (job->previous_live ? job->previous_live->next_live : first_live_) = job->next_live;
  (job->next_live ? job->next_live->previous_live : last_live_) = job->previous_live;
  bytes_ -= job->bytes;
  state(job->trigger->trigger.id).bytes -= job->bytes;
  return std::unique_ptr<LiveExecution>(job);
}

void Lanes::make_ready(Lane& lane) {
  if (lane.ready || lane.running || !lane.first) return;
  lane.ready = true;
  TriggerState& trigger = *lane.trigger;
  trigger.ready.push_back(&lane);
  if (trigger.has_turn) return;
  trigger.has_turn = true;
  turns_.push_back(&trigger);
}

bool Lanes::may_start(const TriggerState& trigger, Micros now) const {
  if (trigger.running > 0 && (trigger.distrusted || trigger.running >= limits_.running - running_))
    return false;
  return trigger.open_until == 0 || (!trigger.probe && now >= trigger.open_until);
}

void Lanes::take(std::size_t limit, Micros now, std::vector<LiveExecution*>& out) {
  std::size_t passed_over = 0;
  while (!stopped_ && out.size() < limit && running_ < limits_.running && passed_over < turns_.size()) {
    TriggerState& trigger = *turns_.front();
    turns_.pop_front();
    if (trigger.ready.empty()) {
      trigger.has_turn = false;
      continue;
    }
    turns_.push_back(&trigger);
    if (!may_start(trigger, now)) {
      ++passed_over;
      continue;
    }
    passed_over = 0;
    Lane& lane = *trigger.ready.front();
    trigger.ready.pop_front();
    lane.ready = false;
    LiveExecution* job = lane.first;
    lane.first = job->next;
    if (!lane.first) lane.last = nullptr;
    lane.running = job;
    job->running = true;
    if (trigger.open_until != 0) trigger.probe = job;
    trigger.last_wait = now - job->waiting_since;
    trigger.last_start = now;
    ++trigger.running;
    ++running_;
    out.push_back(job);
  }
}

// Counts with a memory of ten good runs, so that a script that hangs for some rows only is found as well.
void Lanes::record_stop(TriggerState& trigger, bool stopped, Micros now) {
  constexpr unsigned per_stop = 10;
  if (stopped) {
    ++trigger.stops;
    trigger.stop_score += per_stop;
  } else if (trigger.stop_score > 0) {
    --trigger.stop_score;
  }
  if (stopped && trigger.breaker_since == 0 && trigger.stop_score >= limits_.stops_to_open * per_stop) {
    trigger.breaker_since = std::max<Micros>(now, 1);
    if (trigger.open_until == 0) {
      trigger.probe_delay = limits_.first_probe;
      trigger.open_until = now + trigger.probe_delay;
    }
    breaker_changes_.push_back(*breaker(trigger.id));
  }
}

std::optional<Lanes::Breaker> Lanes::breaker(std::int64_t trigger_id) const {
  const auto* trigger = known(trigger_id);
  if (!trigger || trigger->breaker_since == 0) return {};
  return Breaker{trigger->id,        true, trigger->probe != nullptr, trigger->stops, trigger->breaker_since,
                 trigger->open_until};
}

std::vector<Lanes::Breaker> Lanes::breakers() const {
  std::vector<Breaker> out;
  for (const auto& [id, trigger] : triggers_)
    if (auto open = breaker(id)) out.push_back(*open);
  return out;
}

// A failing trigger is recognised by first attempts, so that one bad key's retries do not stop the others.
void Lanes::record_outcome(TriggerState& trigger, const LiveExecution& job, const Ending& ending,
                           Micros now) {
  const bool was_probe = trigger.probe == &job;
  if (was_probe) trigger.probe = nullptr;
  record_stop(trigger, ending.script_stopped, now);
  if (trigger.breaker_since != 0 && was_probe && !ending.script_stopped) {
    breaker_changes_.push_back(
        {.trigger_id = trigger.id, .stops = trigger.stops, .since = trigger.breaker_since});
    trigger.breaker_since = 0;
    trigger.stops = 0;
    trigger.stop_score /= 2;  // it opens sooner than the first time
    trigger.open_until = 0;
  }
  if (!ending.transient) {
    trigger.failures = 0;
    if (trigger.breaker_since == 0) trigger.open_until = 0;
    return;
  }
  if (was_probe) {
    trigger.probe_delay = std::min(trigger.probe_delay * 2, limits_.longest_probe);
    trigger.open_until = now + trigger.probe_delay;
  } else if (trigger.open_until == 0 && job.attempt <= 1 && ++trigger.failures >= limits_.failures_to_open) {
    trigger.probe_delay = limits_.first_probe;
    trigger.open_until = now + trigger.probe_delay;
  }
}

std::unique_ptr<LiveExecution> Lanes::finish(LiveExecution* job, const Ending& ending, Micros now,
                                             std::vector<std::unique_ptr<LiveExecution>>& evicted) {
  TriggerState& trigger = state(job->trigger->trigger.id);
  Lane& lane = trigger.lanes.find(job->lane)->second;
  lane.running = nullptr;
  job->running = false;
  --trigger.running;
  --running_;
  record_outcome(trigger, *job, ending, now);
  auto ended = release(job);
  if (!ending.has_row_to_come) durable(trigger.id);
  if (ending.parked) {
    if (!job->is_retry) {
      ++lane.retrying;
      ++trigger.retrying;
    }
    due_.insert({ending.due, job->seq, lane.id, trigger.id});
    set_blocked(lane, true);
    evict(lane, evicted);
  } else if (job->is_retry) {
    --lane.retrying;
    --trigger.retrying;
  }
  settle(lane, job->event->shape->table, job->event->key);
  return ended;
}

// What waits behind a parked job goes to the log; replays stay, they are in the log as retries themselves.
void Lanes::evict(Lane& lane, std::vector<std::unique_ptr<LiveExecution>>& evicted) {
  LiveExecution* job = lane.first;
  lane.first = lane.last = nullptr;
  while (job) {
    LiveExecution* next = job->next;
    if (job->is_retry) {
      job->next = nullptr;
      (lane.first ? lane.last->next : lane.first) = job;
      lane.last = job;
    } else {
      lane.last_behind = std::max(lane.last_behind, job->seq);
      auto owned = release(job);
      if (owned->has_row)
        durable(lane.trigger->id);
      else
        evicted.push_back(std::move(owned));
    }
    job = next;
  }
}

// Nothing runs in the lane: the next job, or what is behind in the log, or the end of the lane.
void Lanes::settle(Lane& lane, const std::string& table, const std::string& key) {
  if (lane.running) return;
  if (lane.first) return make_ready(lane);
  if (lane.blocked && lane.retrying == 0 && !lane.loading) {
    if (lane.last_behind == 0) {
      set_blocked(lane, false);
    } else {
      lane.loading = true;
      loads_.push_back({lane.id, lane.trigger->id, table, key, lane.last_behind});
    }
  }
  if (lane.idle()) lane.trigger->lanes.erase(lane.id);
}

void Lanes::durable(std::int64_t trigger_id, std::size_t rows) {
  TriggerState& trigger = state(trigger_id);
  trigger.live -= std::min(trigger.live, rows);
  live_ -= std::min(live_, rows);
}

LiveExecution* Lanes::find(std::int64_t trigger_id, std::uint64_t seq) const {
  for (LiveExecution* job = first_live_; job; job = job->next_live)
    if (job->seq == seq && job->trigger->trigger.id == trigger_id) return job;
  return nullptr;
}

std::unique_ptr<LiveExecution> Lanes::remove_waiting(std::int64_t trigger_id, std::uint64_t seq) {
  LiveExecution* job = find(trigger_id, seq);
  if (!job || job->running) return nullptr;
  TriggerState& trigger = state(trigger_id);
  Lane& lane = trigger.lanes.find(job->lane)->second;
  LiveExecution** place = &lane.first;
  LiveExecution* before = nullptr;
  while (*place != job) {
    before = *place;
    place = &(*place)->next;
  }
  *place = job->next;
  if (lane.last == job) lane.last = before;
  if (!lane.first && lane.ready) {
    lane.ready = false;
    std::erase(trigger.ready, &lane);
  }
  auto removed = release(job);
  if (removed->is_retry) {
    --lane.retrying;
    --trigger.retrying;
  }
  settle(lane, removed->event->shape->table, removed->event->key);
  return removed;
}

bool Lanes::may_read(Micros now) {
  std::erase_if(over_share_, [&](TriggerState* trigger) {
    if (over_share(*trigger) && !must_spill(*trigger, now)) return false;
    trigger->in_over_share = false;
    return true;
  });
  return over_share_.empty() && live_ < limits_.jobs && bytes_ < limits_.bytes;
}

}  // namespace rowhook
