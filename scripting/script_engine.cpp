#include "scripting/script_engine.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <mutex>

#include "engine/base/errors.h"
#include "engine/base/log.h"
#include "engine/event/varint.h"
#include "scripting/bundle_cache.h"
#include "scripting/dispatcher.h"
#include "scripting/host_arguments.h"
#include "scripting/script_text.h"

namespace rowhook {
namespace {

// A main() that forgot run_script_host_if_asked() would start itself again and again.
void refuse_to_be_a_host() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string name, argument;
  std::getline(file, name, '\0');
  std::getline(file, argument, '\0');
  if (argument != host_argument) return;
  log::error("main() must begin with run_script_host_if_asked()");
  std::_Exit(70);
}

ScriptLimits checked(ScriptLimits limits) {
  const auto refuse = [](const char* what) { throw InvalidInput(what, {{"", what}}); };
  const auto check = [&](const CallLimits& call) {
    if (call.time_limit < std::chrono::milliseconds{10}) refuse("time_limit: at least 10ms");
    if (call.memory_limit < (1U << 20) || call.memory_limit > (1U << 30))
      refuse("memory_limit: from 1MiB to 1GiB");
    if (call.output_limit < 1024 || call.output_limit > (64U << 20))
      refuse("output_limit: from 1KiB to 64MiB");
    if (call.depth_limit < 1 || call.depth_limit > 64) refuse("depth_limit: from 1 to 64");
  };
  check(limits);
  for (const auto& own : limits.own) check(own.limits);
  if (limits.hosts < 1 || limits.hosts > 256) refuse("hosts: from 1 to 256");
  return limits;
}

ScriptResult library_failed(const Script& script, const std::exception& error) {
  ScriptResult result;
  result.error =
      ScriptError{ScriptError::Type::runtime,
                  script.name + ": the script store could not be read: " + error.what(), script.name, 0};
  return result;
}

}  // namespace

std::string_view to_string(ScriptError::Type type) {
  constexpr std::array<std::string_view, ScriptError::types> names = {
      "syntax", "runtime", "time_limit", "memory_limit", "stack",
      "killed", "refused", "result",     "retry",        "rejected"};
  return names[static_cast<std::size_t>(type)];
}

std::string with_place(const ScriptError& error) {
  if (error.line <= 0) return error.message;
  std::string place = "line " + std::to_string(error.line);
  if (error.column > 0) place += ", column " + std::to_string(error.column);
  return place + ": " + error.message;
}

std::string full_text(const ScriptError& error, const std::string& event_id) {
  std::string out = error.message;
  if (error.type == ScriptError::Type::retry || error.type == ScriptError::Type::rejected) return out;
  out += "\n  event " + event_id;
  for (const auto& [name, value] : error.fields) out += "\n  " + name + " = " + value;
  for (std::size_t at = 0; at < error.traceback.size();) {
    const std::size_t end = std::min(error.traceback.find('\n', at), error.traceback.size());
    out += "\n  at " + error.traceback.substr(at, end - at);
    at = end + 1;
  }
  return out;
}

ScriptPtr make_script(ScriptKind kind, std::string name, std::string text) {
  std::string identity(1, static_cast<char>(kind));
  write_bytes(identity, name);
  write_bytes(identity, text);
  ScriptText read = read_script_text(text);
  return std::make_shared<const Script>(Script{.kind = kind,
                                               .name = std::move(name),
                                               .text = std::move(text),
                                               .id = content_id(identity),
                                               .modules = std::move(read.modules),
                                               .uses_state = read.uses_state});
}

ScriptPtr with_pinned_modules(const ScriptPtr& script, const ScriptLibrary& library) {
  if (!script || !library || script->modules.empty()) return script;
  auto pinned = std::make_shared<const ScriptModules>(collect_modules(script->modules, library));
  auto made = std::make_shared<Script>(*script);
  made->id = id_with_modules(script->id, pinned->found);
  made->uses_state = script->uses_state || pinned->use_state;
  made->pinned = std::move(pinned);
  return made;
}

struct ScriptEngine::Impl {
  Impl(const ScriptLimits& checked_limits, Metrics& its_metrics, ScriptLibrary library,
       ScriptStates* its_states)
      : limits(checked_limits),
        metrics(its_metrics),
        bundles(std::move(library), limits),
        states(its_states),
        plain(limits, false, metrics, costs) {}

  // Trusted scripts have hosts of their own, started with the first of them.
  Dispatcher& dispatcher(const ScriptBundle& bundle) {
    if (!bundle.jit) return plain;
    std::call_once(compiling_once,
                   [this] { compiling = std::make_unique<Dispatcher>(limits, true, metrics, costs); });
    return *compiling;
  }

  std::optional<ScriptError> compile(const ScriptPtr& script);

  // What kv of this call holds; null for a script that does not use it.
  PackedState state_of(const ScriptBundle& bundle, const ScriptCall& call) const {
    if (!bundle.uses_state) return nullptr;
    const std::string& scope = scope_of(call);
    ScriptState state;
    if (states) state = *states->get(scope);
    if (call.pending)
      for (const auto& change : *call.pending)
        if (change.scope == scope) apply_change(state, change);
    return std::make_shared<const std::string>(pack_state(state));
  }

  static const std::string& scope_of(const ScriptCall& call) {
    return call.scope.empty() ? call.script->name : call.scope;
  }
  static void name_scope(const ScriptCall& call, ScriptResult& result) {
    for (auto& change : result.changes) change.scope = scope_of(call);
  }

  const ScriptLimits limits;
  Metrics& metrics;
  BundleCache bundles;
  ScriptStates* states;
  ScriptCosts costs;
  Dispatcher plain;
  std::once_flag compiling_once;
  std::unique_ptr<Dispatcher> compiling;
};

ScriptEngine::ScriptEngine(ScriptLimits limits, Metrics& metrics, ScriptLibrary library,
                           ScriptStates* states) {
  refuse_to_be_a_host();
  impl_ = std::make_unique<Impl>(checked(std::move(limits)), metrics, std::move(library), states);
}

ScriptEngine::~ScriptEngine() = default;

std::optional<ScriptError> ScriptEngine::Impl::compile(const ScriptPtr& script) {
  const BundlePtr bundle = bundles.without_modules(script);
  PendingRun pending(1);
  std::vector<Job> jobs(1);
  jobs.front().call.bundle = bundle.get();
  jobs.front().run = &pending;
  plain.run(std::move(jobs), pending);
  return pending.take().front().error;
}

ScriptEngine::Inspection ScriptEngine::inspect(const std::string& name, const std::string& text,
                                               std::optional<ScriptKind> kind,
                                               std::span<const ScriptTable> tables) {
  Inspection found;
  found.error = impl_->compile(make_script(kind.value_or(ScriptKind::transform), name, text));
  // An expression is a filter only.
  if (found.error && !kind && !impl_->compile(make_script(ScriptKind::filter, name, text)))
    found.error.reset();
  if (auto& error = found.error) {
    if (error->line > 0) error->column = column_of_message(text, error->line, error->message);
    const std::string place = name + ":" + (error->line > 0 ? std::to_string(error->line) + ": " : " ");
    found.problems.push_back({.refused = error->type == ScriptError::Type::refused,
                              .line = error->line,
                              .column = error->column,
                              .message = error->message.starts_with(place)
                                             ? error->message.substr(place.size())
                                             : error->message});
    return found;
  }
  found.problems = check_lua(text, tables);
  const auto first = std::find_if(found.problems.begin(), found.problems.end(),
                                  [](const ScriptProblem& problem) { return problem.error; });
  if (first == found.problems.end()) return found;
  found.error =
      ScriptError{first->refused ? ScriptError::Type::refused : ScriptError::Type::runtime,
                  name + ":" + std::to_string(first->line) + ": " + first->message, name, first->line};
  found.error->column = first->column;
  return found;
}

std::optional<ScriptError> ScriptEngine::check(const Script& script, std::span<const ScriptTable> tables) {
  return inspect(script.name, script.text, script.kind, tables).error;
}

std::vector<ScriptResult> ScriptEngine::run(std::span<const ScriptCall> calls) {
  if (calls.empty()) return {};
  PendingRun pending(calls.size());
  std::vector<Job> jobs, trusted;
  jobs.reserve(calls.size());
  std::vector<BundlePtr> bundles;  // of this run
  std::size_t last = SIZE_MAX;     // the call that bundles.back() belongs to
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const ScriptCall& call = calls[i];
    PackedState state;
    try {
      if (last == SIZE_MAX || last + 1 != i || calls[last].script != call.script)
        bundles.push_back(impl_->bundles.get(call.script));
      state = impl_->state_of(*bundles.back(), call);
    } catch (const std::exception& error) {
      pending.set(i, library_failed(*call.script, error));
      last = SIZE_MAX;
      continue;
    }
    last = i;
    Job& job = (bundles.back()->jit ? trusted : jobs).emplace_back();
    job.call = {bundles.back().get(), call.event.get(), call.item.get(), state.get(), call.tell_fields};
    job.state = std::move(state);
    job.run = &pending;
    job.index = i;
  }
  if (!trusted.empty()) impl_->dispatcher(*trusted.front().call.bundle).submit(std::move(trusted));
  impl_->plain.run(std::move(jobs), pending);
  auto results = pending.take();
  for (std::size_t i = 0; i < results.size(); ++i)
    if (!results[i].changes.empty()) Impl::name_scope(calls[i], results[i]);
  return results;
}

void ScriptEngine::start(ScriptCall call, std::function<void(ScriptResult)> done) {
  auto started = std::make_unique<StartedCall>();
  Job job;
  try {
    started->bundle = impl_->bundles.get(call.script);
    job.state = impl_->state_of(*started->bundle, call);
  } catch (const std::exception& error) {
    done(library_failed(*call.script, error));
    return;
  }
  started->call = std::move(call);
  started->done = std::move(done);
  Dispatcher& dispatcher = impl_->dispatcher(*started->bundle);
  job.call = {started->bundle.get(), started->call.event.get(), started->call.item.get(), job.state.get(),
              started->call.tell_fields};
  if (started->bundle->uses_state) {
    started->done = [call = started->call, receive = std::move(started->done)](ScriptResult result) {
      Impl::name_scope(call, result);
      receive(std::move(result));
    };
  }
  job.started = std::move(started);
  dispatcher.start(std::move(job));
}

std::vector<ScriptCost> ScriptEngine::costs() const { return impl_->costs.all(); }
std::vector<ScriptCoverage> ScriptEngine::coverage() const { return impl_->plain.coverage(); }

}  // namespace rowhook
