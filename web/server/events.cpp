#include <algorithm>

#include "engine/event/json_writer.h"
#include "engine/execution/live_execution.h"
#include "engine/execution/scheduler.h"
#include "engine/journal/journal.h"
#include "engine/store/store.h"
#include "web/server/execution_json.h"
#include "web/server/handlers.h"
#include "web/server/posted_events.h"
#include "web/server/verdict_json.h"

namespace rowhook {
namespace {

// Rows can be large: a page of events ends early rather than take more memory than this, and says where it
// goes on.
constexpr std::size_t max_listing_bytes = 8U << 20;
constexpr std::size_t listing_step = 100;

EventPtr stored_event(const Call& call) {
  const std::string id = call.parameter();
  EventPtr event = call.api.journal().find(id);
  if (!event)
    throw NotFound("the journal has no event '" + id + "'",
                   "retention may have dropped it: see journal.retention");
  return event;
}

// What is left of an event that retention has dropped: what its execution says.
void write_dropped_event(std::string& out, const Execution& execution) {
  JsonObject json(out);
  json.text("event_id", execution.event_id);
  json.text("trigger_id", execution.event_id);
  json.number("seq", execution.seq);
  json.text("source", execution.source);
  json.text("event_type", execution.event_type);
  json.text_or_null("table", execution.table);
  json.raw("record_id", execution.key);
  json.boolean("dropped", true);
  json.close();
}

void write_posted(std::string& out, const Event& event) {
  JsonObject json(out);
  json.text("event_id", event.id);
  json.number("seq", event.seq);
  json.close();
}

ApiResponse posted_response(const Post& post, bool batch) {
  if (!batch) {
    std::string out;
    write_posted(out, post.events.front());
    return ApiResponse::json(std::move(out), 202);
  }
  ListBody list;
  for (const auto& event : post.events) write_posted(list.item(), event);
  return ApiResponse::json(std::move(list).finish(std::nullopt, post.events.size()), 202);
}

HttpError busy() {
  return HttpError(503, "try-again", "too many posted events wait for the journal already")
      .with("Retry-After", "1");
}

}  // namespace

ApiResponse list_events(Call& call) {
  EventFilter filter;
  filter.source = call.query.text("source");
  filter.event_type = call.query.text("event_type");
  filter.table = call.query.text("table");
  filter.record_id = call.query.text("record_id");
  filter.from = call.query.time("from");
  filter.to = call.query.time("to");
  const std::uint64_t total = call.api.journal().count(filter);
  const Page page = call.query.page();
  filter.skip = page.skip;
  if (page.cursor) {
    const std::string& cursor = *page.cursor;
    if (cursor.size() > 19 || cursor.find_first_not_of("0123456789") != std::string::npos)
      throw bad_request("the cursor is not one that a page of events gave");
    filter.before_seq = std::stoull(cursor);
  }
  ListBody list;
  std::size_t listed = 0, bytes = 0;
  std::uint64_t last = 0;
  bool more = false;
  while (!more) {
    filter.limit = std::min(page.limit - listed + 1, listing_step);
    const auto events = call.api.journal().list(filter);
    for (const auto& event : events) {
      more = listed == page.limit || bytes > max_listing_bytes;
      if (more) break;
      std::string& text = list.item();
      const std::size_t before = text.size();
      write_json_event(text, *event);
      bytes += text.size() - before;
      listed += 1;
      last = event->seq;
    }
    if (events.size() < filter.limit) break;
    filter.skip = 0;
    filter.before_seq = last;
  }
  const std::optional<std::string> next = more ? std::optional(std::to_string(last)) : std::nullopt;
  return ApiResponse::json(std::move(list).finish(next, total));
}

ApiResponse show_event(Call& call) { return ApiResponse::json(event_json(*stored_event(call))); }

ApiResponse list_events_of_trigger(Call& call) {
  const std::int64_t id = call.id_parameter("trigger");
  ExecutionFilter filter;
  filter.trigger_id = id;
  const ExecutionPage page = list_executions(call.api, filter, call.query.page());
  if (page.total == 0 && !call.api.store().trigger(id))
    throw NotFound("there is no trigger '" + std::to_string(id) + "'");
  ListBody list;
  for (const auto& execution : page.executions) {
    if (const EventPtr event = call.api.journal().at(execution.seq)) {
      write_json_event(list.item(), *event);
    } else {
      write_dropped_event(list.item(), execution);
    }
  }
  return ApiResponse::json(std::move(list).finish(page.next_cursor, page.total));
}

ApiResponse post_events(Call& call) {
  PostedRequest posted = posted_events(call.request, *call.api.services.clock, call.api.services.random);
  if (!posted.post.events.empty()) append_post(call.api.journal(), posted.post);
  return posted_response(posted.post, posted.batch);
}

void post_events_grouped(Call& call, Reply reply) {
  PostedRequest posted = posted_events(call.request, *call.api.services.clock, call.api.services.random);
  if (posted.post.events.empty()) return reply(posted_response(posted.post, posted.batch));
  const bool taken = call.api.posts->submit(
      std::move(posted.post), [reply, batch = posted.batch](Post post, const std::exception_ptr& error) {
        try {
          if (error) std::rethrow_exception(error);
          reply(posted_response(post, batch));
        } catch (const std::exception& failure) {
          reply(problem_response(failure));
        }
      });
  if (!taken) throw busy();
}

namespace {

// What the breaker of its trigger holds back has not run yet, whatever its scripts say now.
void hold_back(const Call& call, const Event& event, Verdict& verdict) {
  const std::int64_t trigger_id = verdict.trigger->trigger.id;
  const auto open = call.api.services.scheduler->breaker(trigger_id);
  if (!open) return;
  const auto execution = call.api.store().executions().find(execution_id(event.seq, trigger_id));
  if (execution && execution->status != ExecutionStatus::pending &&
      execution->status != ExecutionStatus::retrying)
    return;
  verdict.kind = VerdictKind::throttled;
  verdict.reason = "the trigger's scripts had to be stopped " + std::to_string(open->stops) +
                   " times: it is tried with one event at a time, next at " +
                   format_rfc3339(open->next_trial) +
                   (verdict.script_error.empty() ? "" : "; this event: " + verdict.reason);
}

}  // namespace

ApiResponse explain_event(Call& call) {
  const EventPtr event = stored_event(call);
  const auto wanted = call.query.integer("trigger_id", 1, INT64_MAX);
  const RouterPtr router = call.api.services.scheduler->router();
  if (!router) throw TransientError("the triggers are not loaded yet");
  std::string verdicts = "[";
  bool found = false;
  const auto write = [&](Verdict verdict) {
    if (wanted && verdict.trigger->trigger.id != *wanted) return;
    if (verdict.kind == VerdictKind::matched || verdict.kind == VerdictKind::error)
      hold_back(call, *event, verdict);
    found = true;
    if (verdicts.size() > 1) verdicts += ',';
    JsonObject json(verdicts);
    write_verdict(json, verdict);
    const bool runs = verdict.kind == VerdictKind::matched || verdict.kind == VerdictKind::error ||
                      verdict.kind == VerdictKind::loop || verdict.kind == VerdictKind::throttled;
    json.text_or_null("execution_id",
                      runs ? std::to_string(event->seq) + "-" + std::to_string(verdict.trigger->trigger.id)
                           : std::string());
    json.close();
  };
  for (auto& verdict : router->explain(event, *call.api.services.scripts)) write(std::move(verdict));
  if (wanted && !found) {
    // A trigger for another source or type: it, too, deserves its reason.
    CompiledTriggerPtr trigger = router->revision_at(*wanted, event->seq);
    if (!trigger) trigger = router->current(*wanted);
    if (!trigger) throw NotFound("there is no trigger '" + std::to_string(*wanted) + "'");
    write(Router::explain(trigger, event, *call.api.services.scripts));
  }
  std::string out;
  JsonObject json(out);
  json.text("event_id", event->id);
  json.raw("verdicts", verdicts + "]");
  json.close();
  return ApiResponse::json(std::move(out));
}

}  // namespace rowhook
