#include "engine/execution/executors.h"

#include <pthread.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <deque>
#include <future>

#include "engine/base/log.h"

namespace rowhook {

namespace asio = boost::asio;

namespace {
constexpr std::size_t handover_at = 64;
}  // namespace

struct Executors::Thread {
  Thread(const Scheduler::Parts& its_parts, const SchedulerSettings& its_settings, const Handover& handover)
      : parts(its_parts), settings(its_settings), finished_handler(handover) {}

  // Starts coroutines until every queued job has been taken: one whose jobs never wait for anything takes
  // them all.
  void pump() {
    pump_posted = false;
    if (queue.empty()) return;
    ++coroutines;
    asio::co_spawn(*io, run_queued(), asio::detached);
    if (!queue.empty()) post_pump();
  }

  void post_pump() {
    if (std::exchange(pump_posted, true)) return;
    asio::post(*io, [this] { pump(); });
  }

  asio::awaitable<void> run_queued() {
    while (!queue.empty() && !stopping) {
      LiveExecution* job = queue.front();
      queue.pop_front();
      Attempt attempt = co_await run_attempt(*job, parts, settings);
      finished.push_back({job, std::move(attempt)});
      if (finished.size() >= handover_at) {
        hand_over();
      } else if (!std::exchange(handover_posted, true)) {
        asio::post(*io, [this] {
          handover_posted = false;
          hand_over();
          if (!queue.empty()) post_pump();
        });
      }
    }
    --coroutines;
    if (stopping) hand_over();  // the handler that would do it does not run any more
  }

  void hand_over() {
    if (finished.empty()) return;
    auto next = finished_handler(finished);
    finished.clear();
    queue.insert(queue.end(), next.begin(), next.end());
  }

  const Scheduler::Parts& parts;
  const SchedulerSettings& settings;
  const Handover& finished_handler;
  std::unique_ptr<asio::io_context> io = std::make_unique<asio::io_context>(1);
  asio::executor_work_guard<asio::io_context::executor_type> work{io->get_executor()};
  std::thread thread;
  // Confined to the thread:
  std::deque<LiveExecution*> queue;
  std::vector<Finished> finished;
  bool pump_posted = false, handover_posted = false;
  std::atomic<std::size_t> coroutines{0};
  std::atomic<bool> stopping{false};
};

Executors::Executors(const Scheduler::Parts& parts, const SchedulerSettings& settings, Handover finished)
    : finished_(std::move(finished)) {
  for (unsigned i = 0; i < std::max(1u, settings.threads); ++i)
    threads_.push_back(std::make_unique<Thread>(parts, settings, finished_));
}

Executors::~Executors() {
  stop();
  // A coroutine that waits is held by whoever will call it back (a script host, an HTTP transfer), perhaps
  // after this: its io_context has to stay for that call, which then does nothing.
  static std::mutex mutex;
  static std::vector<std::unique_ptr<asio::io_context>> left_behind;
  for (auto& thread : threads_) {
    thread->work.reset();
    if (thread->coroutines == 0) continue;
    const std::lock_guard<std::mutex> hold(mutex);
    left_behind.push_back(std::move(thread->io));
  }
}

void Executors::start() {
  for (auto& thread : threads_)
    thread->thread = std::thread([io = thread->io.get()] {
      pthread_setname_np(pthread_self(), "rowhook-execute");
      io->run();
    });
}

void Executors::submit(std::vector<LiveExecution*> jobs) {
  if (jobs.empty()) return;
  // Few jobs are not worth waking two threads.
  const std::size_t parts = jobs.size() < 32 ? 1 : threads_.size();
  const std::size_t each = (jobs.size() + parts - 1) / parts;
  for (std::size_t begin = 0; begin < jobs.size(); begin += each) {
    Thread& thread = *threads_[next_++ % threads_.size()];
    std::vector<LiveExecution*> some(
        jobs.begin() + static_cast<std::ptrdiff_t>(begin),
        jobs.begin() + static_cast<std::ptrdiff_t>(std::min(jobs.size(), begin + each)));
    asio::post(*thread.io, [&thread, some = std::move(some)] {
      thread.queue.insert(thread.queue.end(), some.begin(), some.end());
      thread.pump();
    });
  }
}

void Executors::stop() {
  stopped_ = true;
  for (auto& thread : threads_) {
    thread->stopping = true;
    thread->io->stop();
  }
  for (auto& thread : threads_)
    if (thread->thread.joinable()) thread->thread.join();
}

RunOutcome Executors::run_and_wait(const Workflow& workflow, const std::string& target_node_id, ItemPtr item,
                                   RunContext context, RunState& state) {
  Thread& thread = *threads_[next_++ % threads_.size()];
  auto done = std::make_shared<std::promise<RunOutcome>>();
  auto outcome = done->get_future();
  ++thread.coroutines;
  asio::co_spawn(*thread.io,
                 run_workflow(workflow, target_node_id, std::move(item), std::move(context), state),
                 [done, &thread](std::exception_ptr error, RunOutcome result) {
                   --thread.coroutines;
                   if (error)
                     done->set_exception(error);
                   else
                     done->set_value(std::move(result));
                 });
  while (outcome.wait_for(std::chrono::milliseconds{50}) != std::future_status::ready)
    if (stopped_) throw TransientError("the engine is stopping");
  return outcome.get();
}

}  // namespace rowhook
