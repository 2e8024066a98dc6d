// One batch of a Dispatcher on one host: sent, watched, answered, blamed.
#include <algorithm>

#include "engine/base/errors.h"
#include "engine/base/log.h"
#include "scripting/dispatcher.h"

namespace rowhook {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds slow_call{20};  // processor time after which a call gives its lane away
constexpr milliseconds quick_call{5};
constexpr unsigned quick_calls_to_forgive = 64;
constexpr std::chrono::seconds slow_for{60};  // without another slow call
constexpr milliseconds look{5};               // between looks at a host that works
constexpr milliseconds starved_host{2000};    // the least a call is given that gets no processor time

}  // namespace

// A batch while a host works on it. jobs[delivered, sent) are outstanding.
struct Dispatcher::Batch {
  HostProcess& host;
  std::vector<Job>& jobs;
  std::size_t sent;
  std::size_t delivered = 0;
  bool stopped = false;  // nothing more of it will begin
  bool broken = false;   // the host is not to be used again

  // The call at work, and since when.
  std::size_t current = SIZE_MAX;
  Steady::time_point since{};
  std::chrono::nanoseconds used{0};  // processor time of the host then
};

// One batch on one host. Answered jobs are removed; what is left has to run again. False: the host is spent.
bool Dispatcher::serve(HostProcess& host, std::vector<Job>& jobs, Lane& lane) {
  const std::size_t sent =
      host.send(jobs.size(), [&](std::size_t i) -> const HostCall& { return jobs[i].call; });
  if (sent == 0) {
    fail(jobs.front(), ScriptError::Type::refused,
         "the event and the script together are larger than 32 MiB");
    jobs.erase(jobs.begin());
    return true;
  }
  Batch batch{host, jobs, sent};
  watch(batch, lane);
  jobs.erase(jobs.begin(), jobs.begin() + static_cast<std::ptrdiff_t>(batch.delivered));
  return !batch.broken;
}

void Dispatcher::watch(Batch& batch, Lane& lane) {
  HostProcess& host = batch.host;
  for (bool looked = false; !batch.broken; looked = true) {
    if (host.wait(looked ? look : milliseconds{1})) {
      if (!deliver_finished(batch)) return on_end(batch, "it answered nonsense");
      // All, or the batch ended early: stopped, or no room for the next response.
      if (batch.delivered == 0 && !batch.stopped) on_end(batch, "its response is too large");
      return;
    }
    if (std::string how = host.ended(); !how.empty()) return on_end(batch, how);
    if (stopping()) return on_end(batch, "the engine is stopping");
    const std::size_t begun = host.begun();
    if (begun == 0 || begun - 1 != batch.current) {
      batch.current = begun == 0 ? SIZE_MAX : begun - 1;
      batch.since = Steady::now();
      batch.used = host.processor_time();
      continue;
    }
    const auto limit = batch.jobs[batch.current].call.bundle->limits.time_limit;
    const auto used = host.processor_time() - batch.used;
    const auto waited = Steady::now() - batch.since;
    if (!batch.stopped && lane == Lane::normal && used > slow_call) {
      give_way(batch, lane);
      if (batch.broken) return;
    }
    // A host that gets no processor time on a crowded machine is given longer.
    if ((waited > 2 * limit && used > limit + limit / 2) || waited > std::max(10 * limit, starved_host)) {
      host.kill();
      return on_end(batch, "");
    }
  }
}

namespace {

bool is_mistake(ScriptError::Type type) {
  return type != ScriptError::Type::retry && type != ScriptError::Type::rejected;
}

}  // namespace

struct Dispatcher::Tally {
  explicit Tally(ScriptCosts& all) : costs(all) {}
  ScriptCosts& costs;
  const ScriptBundle* bundle = nullptr;  // of the call before
  ScriptMeter* meter = nullptr;
  std::size_t calls[2] = {0, 0};
  std::size_t errors[ScriptError::types] = {};
  double seconds = 0;
  void add(const Job& job, const ScriptResult& result) {
    ++calls[job.call.bundle->script->kind == ScriptKind::filter ? 0 : 1];
    seconds += std::chrono::duration<double>(result.time).count();
    if (result.error) ++errors[static_cast<std::size_t>(result.error->type)];
    if (!job.call.event) return;  // only compiled
    if (job.call.bundle != bundle) {
      bundle = job.call.bundle;
      meter = &costs.meter(bundle->script->name);
    }
    meter->add(result.time, result.memory_bytes, result.error && is_mistake(result.error->type));
  }
};

void Dispatcher::count(const Tally& tally) {
  for (std::size_t i = 0; i < std::size(tally.calls); ++i)
    if (tally.calls[i] > 0) calls_[i]->add(static_cast<double>(tally.calls[i]));
  for (std::size_t i = 0; i < std::size(tally.errors); ++i)
    if (tally.errors[i] > 0) errors_[i]->add(static_cast<double>(tally.errors[i]));
  if (tally.seconds > 0) seconds_.add(tally.seconds);
}

// Delivers every response that has come. False: the host wrote something else than responses.
bool Dispatcher::deliver_finished(Batch& batch) {
  std::string_view bytes = batch.host.new_responses();
  Tally tally(costs_);
  PendingRun* run = nullptr;  // of the last results placed, not yet counted there
  std::size_t placed = 0;
  bool sound = true;
  const auto complete = [&] {
    if (placed > 0) run->complete(placed);
    placed = 0;
  };
  try {
    while (!bytes.empty() && batch.delivered < batch.sent) {
      Job& job = batch.jobs[batch.delivered];
      const auto kind = job.call.event ? std::optional(job.call.bundle->script->kind) : std::nullopt;
      ScriptResult result = read_response(bytes, kind, job.call.bundle->limits.output_limit);
      ++batch.delivered;
      if (limits_.coverage) note_coverage(result);
      tally.add(job, result);
      note_time(job, result.time);
      if (!job.run) {
        deliver(job, std::move(result));
        continue;
      }
      if (job.run != run) complete();
      run = job.run;
      run->place(job.index) = std::move(result);
      ++placed;
    }
    sound = bytes.empty();
  } catch (const PermanentError&) {
    sound = false;
  }
  count(tally);
  complete();
  return sound;
}

void Dispatcher::note_coverage(const ScriptResult& result) {
  coverage_.with([&](std::map<std::string, ScriptCoverage>& scripts) {
    for (const auto& seen : result.coverage) {
      ScriptCoverage& known = scripts[seen.script];
      std::vector<int> ran;
      std::set_union(known.ran.begin(), known.ran.end(), seen.ran.begin(), seen.ran.end(),
                     std::back_inserter(ran));
      known = {seen.script, seen.lines, std::move(ran)};
    }
  });
}

std::vector<ScriptCoverage> Dispatcher::coverage() const {
  return coverage_.with([](const std::map<std::string, ScriptCoverage>& scripts) {
    std::vector<ScriptCoverage> out;
    for (const auto& [name, seen] : scripts) out.push_back(seen);
    return out;
  });
}

// The call at work is slow: what it has overtaken goes on elsewhere.
void Dispatcher::give_way(Batch& batch, Lane& lane) {
  const std::size_t begun = std::max(batch.host.stop(), batch.delivered + 1);
  batch.stopped = true;
  if (!deliver_finished(batch)) {
    on_end(batch, "it answered nonsense");
    return;
  }
  const std::uint64_t slow = batch.jobs[begun - 1].call.bundle->script->id;
  const auto rest = batch.jobs.begin() + static_cast<std::ptrdiff_t>(begun);
  state_.with([&](State& state) {
    state.slow[slow] = {Steady::now(), 0};
    slow_scripts_ = state.slow.size();
    for (auto job = batch.jobs.end(); job != rest;) {
      --job;
      const bool apart = job->call.bundle->script->id == slow;
      (apart ? state.slow_queue : state.queue).push_front(std::move(*job));
    }
    if (state.overtaken < most_overtaken) {
      --state.busy;
      ++state.overtaken;
      lane = Lane::overtaken;
    }
    wake(state);
  });
  batch.jobs.erase(rest, batch.jobs.end());
  batch.sent = std::min(batch.sent, begun);
}

// The host ended, or was killed here (`how` empty): one call is to blame, the others run again in another
// host. What a host that ended by itself left behind is not looked at.
void Dispatcher::on_end(Batch& batch, const std::string& how) {
  batch.broken = true;
  kills_.add();
  if (how.empty() && !deliver_finished(batch)) {
    log::warning("a script host wrote damaged responses before it was killed");
  }
  const std::size_t begun = batch.host.begun();
  if (begun == 0 || batch.delivered >= batch.sent) return;  // nobody is to blame
  const std::size_t culprit = std::clamp(begun - 1, batch.delivered, batch.sent - 1);
  Job& job = batch.jobs[culprit];
  if (!how.empty() && !stopping() && job.crashes++ == 0) return;  // may have been chance: once more
  std::rotate(batch.jobs.begin() + static_cast<std::ptrdiff_t>(batch.delivered),
              batch.jobs.begin() + static_cast<std::ptrdiff_t>(culprit),
              batch.jobs.begin() + static_cast<std::ptrdiff_t>(culprit) + 1);
  Job& blamed = batch.jobs[batch.delivered++];
  const std::string limit = std::to_string(blamed.call.bundle->limits.time_limit.count()) + " ms";
  fail(blamed, ScriptError::Type::killed,
       how.empty() ? "killed: it ran far beyond its time limit of " + limit +
                         " inside one function that cannot be interrupted (a pattern, a sort, a library call)"
                   : "killed: its host process ended (" + how + ")");
}

void Dispatcher::fail(Job& job, ScriptError::Type type, const std::string& why) {
  ScriptResult result;
  const std::string& name = job.call.bundle->script->name;
  result.error = ScriptError{type, name + ": " + why, name, 0};
  Tally tally(costs_);
  tally.add(job, result);
  count(tally);
  deliver(job, std::move(result));
}

void Dispatcher::deliver(Job& job, ScriptResult result) {
  if (job.run) {
    job.run->set(job.index, std::move(result));
    return;
  }
  const std::unique_ptr<StartedCall> started = std::move(job.started);
  try {
    started->done(std::move(result));
  } catch (const std::exception& error) {
    log::error("the receiver of a script's result failed",
               {{"script", started->call.script->name}, {"error", error.what()}});
  }
}

// Scripts that have become quick again go back to the others.
void Dispatcher::note_time(const Job& job, std::chrono::nanoseconds time) {
  if (slow_scripts_.load(std::memory_order_relaxed) == 0) return;
  state_.with([&](State& state) {
    const auto found = state.slow.find(job.call.bundle->script->id);
    if (found == state.slow.end()) return;
    SlowScript& slow = found->second;
    if (time > quick_call) {
      slow = {Steady::now(), 0};
    } else if (++slow.quick >= quick_calls_to_forgive || Steady::now() - slow.since > slow_for) {
      state.slow.erase(found);
      slow_scripts_ = state.slow.size();
    }
  });
}

}  // namespace rowhook
