// Lanes: what is parked in the log and how it comes back.
#include <algorithm>

#include "engine/execution/lane_state.h"

namespace rowhook {

void Lanes::set_blocked(Lane& lane, bool blocked) {
  if (lane.blocked == blocked) return;
  lane.blocked = blocked;
  if (blocked) {
    ++lane.trigger->blocked;
    ++blocked_;
  } else {
    --lane.trigger->blocked;
    --blocked_;
    lane.last_behind = 0;
  }
}

void Lanes::park(const CompiledTrigger& trigger, std::uint64_t lane_id, std::uint64_t seq, Micros due,
                 bool blocks) {
  TriggerState& known = state(trigger.trigger.id);
  Lane& lane = lane_for(known, lane_id);
  ++lane.retrying;
  ++known.retrying;
  if (blocks) set_blocked(lane, true);
  due_.insert({due, seq, lane_id, known.id});
}

void Lanes::unpark(std::int64_t trigger_id, std::uint64_t lane_id, const std::string& table,
                   const std::string& key) {
  TriggerState& trigger = state(trigger_id);
  const auto found = trigger.lanes.find(lane_id);
  if (found == trigger.lanes.end() || found->second.retrying == 0) return;
  --found->second.retrying;
  --trigger.retrying;
  settle(found->second, table, key);
}

std::vector<Lanes::Due> Lanes::take_due(Micros now, std::size_t limit) {
  constexpr Micros try_again = 50'000;
  std::vector<Due> out, later;
  while (!stopped_ && !due_.empty() && due_.begin()->at <= now && out.size() < limit &&
         live_ + out.size() < limits_.jobs) {
    Due due = *due_.begin();
    due_.erase(due_.begin());
    const TriggerState& trigger = state(due.trigger_id);
    if (trigger.open_until > now || trigger.probe || over_share(trigger)) {
      due.at = std::max(trigger.open_until, now + try_again);
      later.push_back(due);
    } else {
      out.push_back(due);
    }
  }
  due_.insert(later.begin(), later.end());
  return out;
}

bool Lanes::expedite(std::int64_t trigger_id, std::uint64_t seq, Micros now) {
  const auto found = std::find_if(due_.begin(), due_.end(), [&](const Due& due) {
    return due.seq == seq && due.trigger_id == trigger_id;
  });
  if (found == due_.end()) return false;
  Due due = *found;
  due_.erase(found);
  due.at = now;
  due_.insert(due);
  return true;
}

std::optional<Micros> Lanes::next_due() const {
  if (due_.empty()) return {};
  return due_.begin()->at;
}

std::vector<Lanes::Load> Lanes::take_loads(Micros now, std::size_t limit, std::size_t rows_each) {
  if (stopped_ || live_ >= limits_.jobs) return {};
  const std::size_t room = std::max<std::size_t>((limits_.jobs - live_) / rows_each, 1);
  std::vector<Load> out, later;
  for (auto& load : loads_) {
    const TriggerState& trigger = state(load.trigger_id);
    const bool now_useful = trigger.open_until <= now && !trigger.probe && !over_share(trigger);
    (now_useful && out.size() < std::min(limit, room) ? out : later).push_back(std::move(load));
  }
  loads_ = std::move(later);
  return out;
}

void Lanes::loaded(const Load& load, std::vector<std::unique_ptr<LiveExecution>>& jobs, bool complete,
                   Micros now) {
  TriggerState& trigger = state(load.trigger_id);
  Lane& lane = trigger.lanes.find(load.lane)->second;
  lane.loading = false;
  // A replay may have failed and been parked meanwhile: then they stay where they are until it ends.
  if (lane.retrying == 0) {
    for (auto& job : jobs) {
      job->has_row = true;
      insert(lane, std::move(job), now);
    }
    if (complete && lane.last_behind == load.through_seq) set_blocked(lane, false);
  }
  settle(lane, load.table, load.key);
}

std::vector<std::unique_ptr<LiveExecution>> Lanes::relieve(Micros now) {
  std::vector<std::unique_ptr<LiveExecution>> evicted;
  if (live_ < limits_.jobs && bytes_ < limits_.bytes) return evicted;
  for (auto& [id, trigger] : triggers_) {
    if (!must_spill(*trigger, now)) continue;
    for (auto& [lane_id, lane] : trigger->lanes) {
      if (!lane.first || lane.first->is_retry) continue;
      const EventPtr event = lane.first->event;
      set_blocked(lane, true);
      evict(lane, evicted);
      if (!lane.first) lane.ready = false;
      settle(lane, event->shape->table, event->key);
    }
    std::erase_if(trigger->ready, [](const Lane* lane) { return !lane->ready; });
  }
  return evicted;
}

void Lanes::spill(TriggerState& trigger, std::uint64_t from_seq) {
  trigger.spilling = true;
  trigger.cursor = from_seq - 1;
  trigger.last_spilled = trigger.cursor;
  spilling_.push_back(&trigger);
}

void Lanes::spill_from_start(std::int64_t trigger_id, std::uint64_t last_seq) {
  TriggerState& trigger = state(trigger_id);
  if (!trigger.spilling) spill(trigger, 1);
  trigger.cursor = 0;
  trigger.last_spilled = std::max(trigger.last_spilled, last_seq);
}

std::vector<Lanes::Drain> Lanes::take_drains(Micros now, std::size_t rows_each) {
  std::vector<Drain> out;
  if (stopped_ || live_ >= limits_.jobs) return out;
  const std::size_t room = std::max<std::size_t>((limits_.jobs - live_) / rows_each, 1);
  for (TriggerState* trigger : spilling_) {
    const bool tried = trigger->open_until > now || trigger->probe;
    // Half its share may still be waiting in memory: the next page comes in time.
    const bool enough =
        over_share(*trigger) || trigger->live * 2 >= limits_.jobs - std::min(live_, limits_.jobs);
    if (trigger->draining || tried || enough || trigger->blocked >= limits_.blocked_lanes) continue;
    if (out.size() >= room) break;
    trigger->draining = true;
    out.push_back({trigger->id, trigger->cursor, trigger->last_spilled});
  }
  if (!out.empty())
    std::rotate(spilling_.begin(), spilling_.begin() + 1, spilling_.end());  // another first next time
  return out;
}

void Lanes::drained(std::unique_ptr<LiveExecution> job, Micros now) {
  TriggerState& trigger = state(job->trigger->trigger.id);
  Lane& lane = lane_for(trigger, job->lane);
  if (lane.blocked) {
    lane.last_behind = std::max(lane.last_behind, job->seq);
    return;
  }
  job->has_row = true;
  insert(lane, std::move(job), now);
}

void Lanes::drained_through(std::int64_t trigger_id, std::uint64_t through) {
  TriggerState& trigger = state(trigger_id);
  trigger.draining = false;
  trigger.cursor = std::max(trigger.cursor, through);
  if (!trigger.spilling || trigger.cursor < trigger.last_spilled) return;
  trigger.spilling = false;
  std::erase(spilling_, &trigger);
}

bool Lanes::is_spilling(std::int64_t trigger_id) const {
  const auto* trigger = known(trigger_id);
  return trigger && trigger->spilling;
}

bool Lanes::ahead_of_drain(std::int64_t trigger_id, std::uint64_t seq) const {
  const auto* trigger = known(trigger_id);
  return trigger && trigger->spilling && seq > trigger->cursor;
}

std::size_t Lanes::retrying(std::int64_t trigger_id) const {
  const auto* trigger = known(trigger_id);
  return trigger ? trigger->retrying : 0;
}

std::vector<std::int64_t> Lanes::spilling() const {
  std::vector<std::int64_t> out;
  for (const auto* trigger : spilling_) out.push_back(trigger->id);
  return out;
}

}  // namespace rowhook
