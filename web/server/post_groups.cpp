#include "web/server/post_groups.h"

#include <pthread.h>

#include "engine/base/errors.h"
#include "engine/journal/journal.h"

namespace rowhook {
namespace {

constexpr std::size_t max_waiting = 4096, max_waiting_bytes = 64U << 20;
constexpr std::size_t max_group = 4096, max_group_bytes = 8U << 20;

// The name under which the journal files what was posted. Posted events have no place in a source's order, so
// it holds events of any source.
const std::string posts = "api";

std::size_t bytes_of(const Post& post) {
  std::size_t bytes = 256;
  for (const auto& event : post.events)
    bytes += 256 + event.new_row.size() + event.old_row.size() + event.detail.size() + event.extra.size();
  return bytes;
}

void refuse_when_full(Journal& journal) {
  const JournalStatus status = journal.status();
  if (status.full)
    throw TransientError(
        "the journal's budget is used up: events are taken again when executions have caught up",
        "raise journal.retention.max_bytes, or look at what holds back the executions");
}

}  // namespace

void append_post(Journal& journal, Post& post) {
  refuse_when_full(journal);
  Batch batch;
  batch.events = std::move(post.events);
  batch.bytes = bytes_of(post);
  try {
    journal.append(posts, batch, post.check_ids);
  } catch (...) {
    post.events = std::move(batch.events);
    throw;
  }
  post.events = std::move(batch.events);
}

PostGroups::PostGroups(Journal& journal, Deliver deliver)
    : journal_(journal), deliver_(std::move(deliver)), thread_([this] { serve(); }) {}

PostGroups::~PostGroups() { stop(); }

bool PostGroups::submit(Post&& post, Done&& done) {
  const std::size_t bytes = bytes_of(post);
  bool wake = false;
  const bool taken = state_.with([&](State& state) {
    if (state.stopping || state.waiting.size() >= max_waiting || state.bytes + bytes > max_waiting_bytes)
      return false;
    state.waiting.push_back({std::move(post), std::move(done), nullptr});
    state.bytes += bytes;
    wake = state.idle;
    return true;
  });
  if (wake) state_.notify();
  return taken;
}

void PostGroups::stop() {
  state_.with([](State& state) { state.stopping = true; });
  state_.notify();
  if (thread_.joinable()) thread_.join();
}

void PostGroups::serve() {
  pthread_setname_np(pthread_self(), "rowhook-posts");
  for (;;) {
    std::vector<Waiting> group;
    {
      auto state = state_.lock();
      state->idle = true;
      state.wait([&] { return state->stopping || !state->waiting.empty(); });
      state->idle = false;
      if (state->waiting.empty()) return;
      std::size_t bytes = 0;
      while (!state->waiting.empty() && group.size() < max_group && bytes < max_group_bytes) {
        const std::size_t size = bytes_of(state->waiting.front().post);
        bytes += size;
        state->bytes -= size;
        group.push_back(std::move(state->waiting.front()));
        state->waiting.pop_front();
      }
    }
    write(group, false);
    write(group, true);
    deliver_([group = std::make_shared<std::vector<Waiting>>(std::move(group))] {
      for (auto& each : *group) each.done(std::move(each.post), each.error);
    });
  }
}

void PostGroups::write(std::vector<Waiting>& group, bool check_ids) {
  Post all;
  all.check_ids = check_ids;
  std::vector<Waiting*> members;
  for (auto& each : group) {
    if (each.post.check_ids != check_ids) continue;
    members.push_back(&each);
    for (auto& event : each.post.events) all.events.push_back(std::move(event));
  }
  if (members.empty()) return;
  std::exception_ptr error;
  try {
    append_post(journal_, all);
  } catch (...) {
    error = std::current_exception();
  }
  auto event = all.events.begin();
  for (auto* member : members) {
    member->error = error;
    for (auto& place : member->post.events) place = std::move(*event++);
  }
}

}  // namespace rowhook
