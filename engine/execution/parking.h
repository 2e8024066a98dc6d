#pragma once

#include <deque>
#include <functional>
#include <thread>

#include "engine/execution/core.h"

namespace rowhook {

// The thread that brings parked executions back from the log when their time has come, and does what people
// ask of single executions (retry, cancel, discard). Everything that reads the log waits for the writer
// first. Thread safety: safe to share.
class Parking {
 public:
  explicit Parking(SchedulerCore& core);
  ~Parking() { stop(); }
  void start();
  void stop();
  void wake();
  // See Scheduler. They wait until it is done and durable. Throw NotFound, Conflict, TransientError.
  void retry(const std::string& id, const std::string& edited_input);
  void cancel(const std::string& id);
  void discard(const std::string& id);
  Scheduler::Replayed replay(std::int64_t trigger_id, const std::vector<EventPtr>& events);
  void switch_off(std::int64_t trigger_id, const std::string& reason);

 private:
  struct State {
    std::deque<std::function<void()>> commands;
    bool woken = false, running = false;
  };
  void run();
  void wait();
  void run_commands();
  bool bring_back();  // false: there is nothing more to do now
  void load_due(const Lanes::Due& due);
  void load_lane(const Lanes::Load& load);
  void drain(const Lanes::Drain& drain, std::uint64_t through);
  void checkpoint();
  void show_state();
  void ask(std::function<void()> command);

  std::unique_ptr<LiveExecution> job_of(Execution&& row, const EventPtr& event);
  std::vector<EventPtr> events_of(const std::vector<Execution>& rows);
  void close(Execution row, ExecutionStatus status, const std::string& reason);
  void write(Execution row);
  Execution parked_row(const std::string& id);
  ExecutionKey key_of(const std::string& id, const char* what);
  void retry_now(Execution row, const std::string& edited_input);
  void cancel_now(const std::string& id);
  void park_replay(const CompiledTrigger& trigger, Execution row);
  Scheduler::Replayed replay_now(std::int64_t trigger_id, const std::vector<EventPtr>& events);

  SchedulerCore& core_;
  Guarded<State> state_;
  Micros last_checkpoint_ = 0;
  std::thread thread_;
};

}  // namespace rowhook
