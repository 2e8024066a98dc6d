// POST /triggers/{id}/replay
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/execution/scheduler.h"
#include "engine/journal/journal.h"
#include "engine/store/store.h"
#include "web/server/given_event.h"
#include "web/server/handlers.h"
#include "web/server/journal_range.h"

namespace rowhook {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t read_events = 256, read_bytes = 4U << 20;
constexpr std::chrono::seconds longest{15};
// Executions by one request; next_seq says where to go on.
constexpr std::uint64_t max_at_once = 10'000;

struct Selection {
  CompiledTriggerPtr trigger;
  std::uint64_t from = 1, to = 0;  // inclusive
  bool dry_run = false;
};

struct Counts {
  std::uint64_t events = 0, matched = 0, replayed = 0, waiting = 0;
};

InvalidInput missing() {
  const std::string detail = "is missing: a seq or a time to begin at, or one event as event_id";
  return InvalidInput("the request is not valid: /from: " + detail, {{"/from", detail}});
}

// The trigger as it is now, for events from whenever it was made.
CompiledTriggerPtr trigger_of(const Call& call) {
  const std::int64_t id = call.id_parameter("trigger");
  auto trigger = call.api.store().trigger(id);
  if (!trigger) throw NotFound("there is no trigger '" + std::to_string(id) + "'");
  return compile_trigger(*std::move(trigger), [&](const std::string& name) -> std::optional<std::string> {
    if (auto script = call.api.store().script(name)) return std::move(script->text);
    return std::nullopt;
  });
}

Selection selection_of(const Call& call) {
  Selection selection{.trigger = trigger_of(call)};
  const Document body = exact_body(call.request);
  check_members(body, {"from", "to", "event_id", "dry_run"});
  selection.dry_run = boolean_member(body, "dry_run", false);
  // What is not routed yet runs anyway.
  const std::uint64_t end =
      selection.dry_run ? call.api.journal().last_seq() : call.api.services.scheduler->routed_seq();
  if (const std::string event_id = text_member(body, "event_id"); !event_id.empty()) {
    selection.from = journaled_event(call.api, event_id)->seq;
    selection.to = std::min(selection.from, end);
    return selection;
  }
  const Json range = parse_json(call.request.body);
  const auto from = seq_member(call.api, range, "from");
  if (!from) throw missing();
  selection.from = std::max<std::uint64_t>(*from, 1);
  selection.to = std::min(seq_member(call.api, range, "to").value_or(UINT64_MAX), end);
  return selection;
}

// Those of them that the trigger fires for.
std::vector<EventPtr> fired(const Call& call, const CompiledTriggerPtr& trigger,
                            const std::vector<EventPtr>& events) {
  std::vector<Candidate> candidates;
  for (const auto& event : events)
    if (event->shape->source == trigger->trigger.source && event->type == trigger->trigger.event_type &&
        Router::considers(*trigger, *event))
      candidates.push_back({trigger, event});
  std::vector<EventPtr> out;
  for (auto& match : Router::evaluate(candidates, *call.api.services.scripts))
    if (match.fires()) out.push_back(std::move(match.event));
  return out;
}

// Replays what it can of the range; where to go on, 0 when all was done.
std::uint64_t replay(const Call& call, const Selection& selection, Counts& counts) {
  const auto deadline = steady_clock::now() + longest;
  std::uint64_t next = selection.from;
  while (next <= selection.to) {
    if (counts.matched >= max_at_once || steady_clock::now() > deadline || call.api.draining()) return next;
    auto events = call.api.journal().read(next, read_events, read_bytes);
    std::erase_if(events, [&](const EventPtr& event) { return event->seq > selection.to; });
    if (events.empty()) return 0;
    const auto matched = fired(call, selection.trigger, events);
    std::size_t looked_at = matched.size();
    if (!selection.dry_run && !matched.empty()) {
      const auto done = call.api.services.scheduler->replay(selection.trigger->trigger.id, matched);
      counts.replayed += done.taken;
      counts.waiting += done.waiting;
      looked_at = done.looked_at;
    }
    counts.matched += looked_at;
    const bool all = looked_at == matched.size();
    next = all ? events.back()->seq + 1 : matched[looked_at]->seq;
    counts.events += static_cast<std::uint64_t>(std::count_if(
        events.begin(), events.end(), [&](const EventPtr& event) { return event->seq < next; }));
    if (!all) return next;  // as many as may wait are waiting
  }
  return 0;
}

}  // namespace

ApiResponse replay_trigger(Call& call) {
  const Selection selection = selection_of(call);
  Counts counts;
  const std::uint64_t next = replay(call, selection, counts);
  std::string out;
  JsonObject json(out);
  json.boolean("dry_run", selection.dry_run);
  json.number("from_seq", selection.from);
  json.number("to_seq", selection.to);
  json.raw("next_seq", next == 0 ? std::string() : std::to_string(next));
  json.number("events", counts.events);
  json.number("matched", counts.matched);
  json.number("replayed", counts.replayed);
  json.number("waiting", counts.waiting);
  json.close();
  return ApiResponse::json(std::move(out));
}

}  // namespace rowhook
