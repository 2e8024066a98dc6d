#include "scripting/script_engine.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>

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
  if (limits.time_limit < std::chrono::milliseconds{10}) refuse("time_limit: at least 10ms");
  if (limits.memory_limit < (1U << 20) || limits.memory_limit > (1U << 30))
    refuse("memory_limit: from 1MiB to 1GiB");
  if (limits.output_limit < 1024 || limits.output_limit > (64U << 20))
    refuse("output_limit: from 1KiB to 64MiB");
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
  constexpr std::array<std::string_view, 8> names = {"syntax", "runtime", "time_limit", "memory_limit",
                                                     "stack",  "killed",  "refused",    "result"};
  return names[static_cast<std::size_t>(type)];
}

ScriptPtr make_script(ScriptKind kind, std::string name, std::string text) {
  std::string identity(1, static_cast<char>(kind));
  write_bytes(identity, name);
  write_bytes(identity, text);
  auto modules = read_script_text(text).modules;
  return std::make_shared<const Script>(Script{.kind = kind,
                                               .name = std::move(name),
                                               .text = std::move(text),
                                               .id = content_id(identity),
                                               .modules = std::move(modules)});
}

struct ScriptEngine::Impl {
  Impl(ScriptLimits limits, Metrics& metrics, Library library)
      : bundles(std::move(library)), dispatcher(checked(limits), metrics) {}
  BundleCache bundles;
  Dispatcher dispatcher;
};

ScriptEngine::ScriptEngine(ScriptLimits limits, Metrics& metrics, Library library) {
  refuse_to_be_a_host();
  impl_ = std::make_unique<Impl>(limits, metrics, std::move(library));
}

ScriptEngine::~ScriptEngine() = default;

std::optional<ScriptError> ScriptEngine::check(const Script& script) {
  auto bundle = std::make_shared<ScriptBundle>();
  bundle->script = std::make_shared<const Script>(script);
  bundle->id = script.id;
  PendingRun pending(1);
  std::vector<Job> jobs(1);
  jobs.front().call = {bundle.get(), nullptr, nullptr};
  jobs.front().run = &pending;
  impl_->dispatcher.run(std::move(jobs), pending);
  return pending.take().front().error;
}

std::vector<ScriptResult> ScriptEngine::run(std::span<const ScriptCall> calls) {
  if (calls.empty()) return {};
  PendingRun pending(calls.size());
  std::vector<Job> jobs;
  jobs.reserve(calls.size());
  std::vector<BundlePtr> bundles;  // of this run
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const ScriptCall& call = calls[i];
    const bool repeated =
        i > 0 && calls[i - 1].script == call.script && !jobs.empty() && jobs.back().index == i - 1;
    try {
      if (!repeated) bundles.push_back(impl_->bundles.get(call.script));
    } catch (const std::exception& error) {
      pending.set(i, library_failed(*call.script, error));
      continue;
    }
    Job& job = jobs.emplace_back();
    job.call = {bundles.back().get(), call.event.get(), call.item.get()};
    job.run = &pending;
    job.index = i;
  }
  impl_->dispatcher.run(std::move(jobs), pending);
  return pending.take();
}

void ScriptEngine::start(ScriptCall call, std::function<void(ScriptResult)> done) {
  auto started = std::make_unique<StartedCall>();
  try {
    started->bundle = impl_->bundles.get(call.script);
  } catch (const std::exception& error) {
    done(library_failed(*call.script, error));
    return;
  }
  started->call = std::move(call);
  started->done = std::move(done);
  Job job;
  job.call = {started->bundle.get(), started->call.event.get(), started->call.item.get()};
  job.started = std::move(started);
  impl_->dispatcher.start(std::move(job));
}

}  // namespace rowhook
