// The records behind Lanes; for its .cpp files only.
#pragma once

#include "engine/execution/lanes.h"

namespace rowhook {

struct Lanes::Lane {
  std::uint64_t id = 0;
  TriggerState* trigger = nullptr;
  LiveExecution* running = nullptr;
  LiveExecution *first = nullptr, *last = nullptr;  // waiting, by seq
  std::uint32_t retrying = 0;                       // executions to be tried again, whether in memory or not
  bool blocked = false;                             // newer jobs go to the log
  bool loading = false;                             // a Load for it is out
  bool ready = false;                               // stands in its trigger's queue
  std::uint64_t last_behind = 0;                    // the newest pending row behind it; 0: none

  bool idle() const { return !running && !first && retrying == 0 && !blocked && !loading; }
};

struct Lanes::TriggerState {
  std::int64_t id = 0;
  std::unordered_map<std::uint64_t, Lane> lanes;
  std::deque<Lane*> ready;
  std::size_t live = 0, bytes = 0, running = 0, blocked = 0, retrying = 0;
  bool has_turn = false, in_over_share = false;

  // Spilling: rows behind `cursor` up to `last_spilled` are to be drained.
  bool spilling = false, draining = false;
  std::uint64_t cursor = 0, last_spilled = 0;

  // The trial of a failing trigger; open_until 0: none.
  unsigned failures = 0;
  Micros open_until = 0, probe_delay = 0;
  const LiveExecution* probe = nullptr;
  // Why: its scripts were stopped (the breaker is open, since then) or its executions failed.
  Micros breaker_since = 0;
  unsigned stops = 0;       // of scripts, since the breaker was last closed
  unsigned stop_score = 0;  // ten for a stop, one less for every good run

  // How long its jobs wait for their turn.
  Micros last_wait = 0, last_start = 0;

  // Its scripts.
  std::uint64_t scripts = 0;  // which ones the figures are about
  unsigned good_calls = 0, calls_needed = 0;
  double mean_time = 0;
  bool distrusted = false;
};

}  // namespace rowhook
