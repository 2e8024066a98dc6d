#include "engine/journal/append_queue.h"

namespace rowhook {
namespace {

// A transaction takes at most this many events of different callers together, and always one whole request.
constexpr std::size_t max_events = 4096;

}  // namespace

void AppendQueue::submit(AppendRequest& request) {
  bool done = false;
  std::unique_lock lock(mutex_);
  waiting_.push_back({&request, &done});
  written_.wait(lock, [&] { return done || !writing_; });
  while (!done) {
    // This caller writes: what is first in the queue, its own request among it sooner or later.
    writing_ = true;
    const std::vector<Waiting> taken = take();
    lock.unlock();
    std::vector<AppendRequest*> requests;
    requests.reserve(taken.size());
    for (const auto& waiting : taken) requests.push_back(waiting.request);
    write_(requests);
    lock.lock();
    writing_ = false;
    for (const auto& waiting : taken) *waiting.done = true;
    if (taken.size() > 1 || !waiting_.empty()) written_.notify_all();
  }
  lock.unlock();
  if (request.error) std::rethrow_exception(request.error);
}

std::vector<AppendQueue::Waiting> AppendQueue::take() {
  std::vector<Waiting> taken;
  std::size_t events = 0;
  while (!waiting_.empty()) {
    const Waiting& next = waiting_.front();
    events += next.request->batch ? next.request->batch->events.size() : 1;
    if (!taken.empty() && events > max_events) break;
    taken.push_back(next);
    waiting_.pop_front();
  }
  return taken;
}

}  // namespace rowhook
