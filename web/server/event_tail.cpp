// GET /events/tail: events from a seq on, oldest first; the answer waits until there is one.
#include <algorithm>

#include "engine/event/json_writer.h"
#include "engine/journal/journal.h"
#include "web/server/handlers.h"
#include "web/server/tail_waiters.h"

namespace rowhook {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds longest_wait{30'000};
constexpr std::size_t read_events = 1000, read_bytes = 1U << 20;
// After so many events that do not match, the answer is given without any: the client goes on from next_seq.
constexpr std::size_t max_read = 20'000;

struct TailRequest {
  std::string source, event_type, table;
  std::uint64_t from_seq = 0;
  std::size_t limit = 100;
  steady_clock::time_point deadline;
};

TailRequest read_request(const Call& call) {
  TailRequest tail;
  tail.source = call.query.text("source");
  tail.event_type = call.query.text("event_type");
  tail.table = call.query.text("table");
  tail.limit = call.query.page().limit;
  const std::string from = call.query.text("from_seq");
  tail.from_seq = from.empty() || from == "now"
                      ? call.api.journal().last_seq() + 1
                      : static_cast<std::uint64_t>(*call.query.integer("from_seq", 0, INT64_MAX));
  milliseconds wait{0};
  if (call.query.has("wait")) {
    try {
      wait = parse_duration(call.query.text("wait"));
    } catch (const InvalidInput& error) {
      throw bad_request("query parameter 'wait': " + std::string(error.what()));
    }
    if (wait > longest_wait) throw bad_request("query parameter 'wait': at most 30s");
  }
  tail.deadline = steady_clock::now() + wait;
  return tail;
}

bool matches(const TailRequest& tail, const Event& event) {
  return (tail.source.empty() || tail.source == event.shape->source) &&
         (tail.event_type.empty() || tail.event_type == event.type) &&
         (tail.table.empty() || tail.table == event.shape->table);
}

// Reads on from tail.from_seq and moves it. nullopt: nothing matched and there is time left.
std::optional<std::string> read_tail(Journal& journal, TailRequest& tail, bool may_wait) {
  std::string items;
  std::size_t found = 0, seen = 0;
  while (found < tail.limit && seen < max_read) {
    const auto events = journal.read(tail.from_seq, read_events, read_bytes);
    if (events.empty()) break;
    for (const auto& event : events) {
      if (found == tail.limit) break;
      tail.from_seq = event->seq + 1;
      seen += 1;
      if (!matches(tail, *event)) continue;
      if (found++ > 0) items += ',';
      write_json_event(items, *event);
    }
  }
  if (found == 0 && seen < max_read && may_wait && steady_clock::now() < tail.deadline) return std::nullopt;
  return "{\"items\":[" + items + "],\"next_seq\":" + std::to_string(tail.from_seq) + "}";
}

// One client's wait: reads, and if there is nothing, waits for the journal to grow and reads again.
// Thread safety: one thread at a time; each step starts the next.
class Tail : public std::enable_shared_from_this<Tail> {
 public:
  Tail(const ApiContext& api, TailRequest request, Reply reply)
      : api_(api), request_(std::move(request)), reply_(std::move(reply)) {}

  void read() {
    if (!api_.run([self = shared_from_this()] { self->step(); }))
      reply_(problem_response(TransientError("too much work waits already")));
  }

 private:
  void step() {
    try {
      if (const auto answer = read_tail(api_.journal(), request_, !api_.draining()))
        return reply_(ApiResponse::json(std::string(*answer)));
    } catch (const std::exception& error) {
      return reply_(problem_response(error));
    }
    if (api_.tails->add(request_.from_seq, request_.deadline, [self = shared_from_this()] { self->read(); }))
      return;
    if (api_.draining()) return step();  // it stopped between the two: nobody waits any more
    reply_(problem_response(TransientError("too many clients wait for events already")));
  }

  const ApiContext& api_;
  TailRequest request_;
  Reply reply_;
};

}  // namespace

ApiResponse tail_events(Call& call) {
  TailRequest tail = read_request(call);
  for (;;) {
    if (const auto answer = read_tail(call.api.journal(), tail, !call.api.draining()))
      return ApiResponse::json(std::string(*answer));
    const auto left = std::chrono::duration_cast<milliseconds>(tail.deadline - steady_clock::now());
    call.api.journal().wait(tail.from_seq, std::max(left, milliseconds{0}));
  }
}

void tail_events_waiting(Call& call, Reply reply) {
  std::make_shared<Tail>(call.api, read_request(call), std::move(reply))->read();
}

}  // namespace rowhook
