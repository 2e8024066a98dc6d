#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

#include "engine/capture/source.h"

namespace rowhook::testing {

// A source that does what a test tells it to: every read takes the next step, which gives a batch or throws.
// Without a step it waits, as a database without changes. Thread safety: safe to share.
class ScriptedSource final : public Source {
 public:
  using Step = std::function<Batch()>;
  // What the intake did with it.
  struct Seen {
    std::vector<Resume> opened;
    std::vector<std::string> acknowledged;
    int idled = 0;
  };

  // Steps are shared with the test, which outlives the intake.
  struct Script {
    void add(Step step) {
      const std::lock_guard hold(mutex);
      steps.push_back(std::move(step));
      changed.notify_all();
    }
    void on_open(std::function<void()> action) {
      const std::lock_guard hold(mutex);
      open = std::move(action);
    }
    Seen look() {
      const std::lock_guard hold(mutex);
      return seen;
    }

    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Step> steps;
    std::function<void()> open;
    Seen seen;
    bool interrupted = false;
  };

  explicit ScriptedSource(Script& script) : script_(script) {}

  void open(const Resume& resume) override {
    std::unique_lock lock(script_.mutex);
    script_.seen.opened.push_back(resume);
    const auto action = script_.open;
    lock.unlock();
    if (action) action();
  }
  Batch read(std::chrono::milliseconds wait) override {
    std::unique_lock lock(script_.mutex);
    script_.changed.wait_for(lock, wait, [&] { return !script_.steps.empty() || script_.interrupted; });
    script_.interrupted = false;
    if (script_.steps.empty()) return {};
    const Step step = std::move(script_.steps.front());
    script_.steps.pop_front();
    lock.unlock();
    return step();
  }
  void acknowledge(std::string_view position) override {
    const std::lock_guard hold(script_.mutex);
    script_.seen.acknowledged.emplace_back(position);
  }
  std::string position_text(std::string_view position) const override {
    return "at " + std::string(position);
  }
  void idle(std::chrono::milliseconds wait) override {
    std::unique_lock lock(script_.mutex);
    ++script_.seen.idled;
    script_.changed.wait_for(lock, wait, [&] { return script_.interrupted; });
    script_.interrupted = false;
  }
  std::uint64_t lag_bytes() const override { return 77; }
  void interrupt() noexcept override {
    const std::lock_guard hold(script_.mutex);
    script_.interrupted = true;
    script_.changed.notify_all();
  }

 private:
  Script& script_;
};

}  // namespace rowhook::testing
