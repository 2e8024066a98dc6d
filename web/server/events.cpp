#include <algorithm>

#include "engine/event/json_writer.h"
#include "engine/journal/event_match.h"
#include "engine/journal/journal.h"
#include "engine/store/store.h"
#include "web/server/execution_json.h"
#include "web/server/given_event.h"
#include "web/server/handlers.h"
#include "web/server/journal_range.h"
#include "web/server/posted_events.h"

namespace rowhook {
namespace {

// Rows can be large: a page of events ends early rather than take more memory than this, and says where it
// goes on.
constexpr std::size_t max_listing_bytes = 8U << 20;
constexpr std::size_t listing_step = 100;
constexpr std::size_t max_looked_at_once = 500;  // executions of a listing by what their events say

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

// Whether the event behind an execution is one of these. Of a dropped one the time is not known any more.
bool is_among(const EventMatch& match, const EventPtr& event, const Execution& execution) {
  if (event) return match.event(*event);
  const std::string& table = match.filter().table;
  return (table.empty() || table == execution.table) && match.seq(execution.seq) && !match.filter().from &&
         !match.filter().to;
}

// A page of executions, newest first, by what only their events say: looked through one by one, so that
// counting stops at max_counted executions, whether they match or not.
ExecutionPage executions_of_events(const ApiContext& api, const ExecutionFilter& filter,
                                   const EventFilter& events, const Page& wanted) {
  const EventMatch match(events);
  ExecutionPage out;
  Page part{.skip = 0, .limit = max_looked_at_once, .cursor = wanted.cursor};
  std::uint64_t seen = 0;
  for (bool more = true; more && seen < max_counted;) {
    ExecutionPage found = list_executions(api, filter, part);
    for (auto& execution : found.executions) {
      seen += 1;
      if (!is_among(match, api.journal().at(execution.seq), execution)) continue;
      out.total += 1;
      if (out.total <= wanted.skip) continue;
      if (out.executions.size() == wanted.limit) {
        if (!out.next_cursor) out.next_cursor = cursor_of(out.executions.back());
        continue;
      }
      out.executions.push_back(std::move(execution));
    }
    more = found.next_cursor.has_value();
    part.cursor = found.next_cursor;
    if (more && seen >= max_counted) {
      out.at_least = true;
      if (!out.next_cursor) out.next_cursor = part.cursor;
    }
  }
  return out;
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
  return std::move(list).finish(std::nullopt, post.events.size(), false, 202);
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
  read_range(call.query, filter);
  const std::uint64_t total = call.api.journal().count(filter);
  const Page page = call.query.page();
  filter.skip = page.skip;
  if (page.cursor) {
    const std::string& cursor = *page.cursor;
    if (cursor.size() > 19 || cursor.find_first_not_of("0123456789") != std::string::npos)
      throw bad_request("the cursor is not one that a page of events gave");
    filter.before_seq = std::min<std::uint64_t>(filter.before_seq, std::stoull(cursor));
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
  return std::move(list).finish(next, total, total >= max_counted);
}

ApiResponse show_event(Call& call) {
  return ApiResponse::json(event_json(*journaled_event(call.api, call.parameter())));
}

ApiResponse list_events_of_trigger(Call& call) {
  const std::int64_t id = call.id_parameter("trigger");
  if (!call.api.store().trigger(id)) {
    ExecutionFilter any;
    any.trigger_id = id;
    if (call.api.store().executions().count(any, 1) == 0)
      throw NotFound("there is no trigger '" + std::to_string(id) + "'");
  }
  ExecutionFilter filter;
  filter.trigger_id = id;
  filter.source = call.query.text("source");
  filter.event_type = call.query.text("event_type");
  filter.record_id = call.query.text("record_id");
  EventFilter events;
  events.table = call.query.text("table");
  read_range(call.query, events);
  const bool by_execution = events.table.empty() && !call.query.has("from") && !call.query.has("to");
  const ExecutionPage page = by_execution ? list_executions(call.api, filter, call.query.page())
                                          : executions_of_events(call.api, filter, events, call.query.page());
  ListBody list;
  for (const auto& execution : page.executions) {
    if (const EventPtr event = call.api.journal().at(execution.seq)) {
      write_json_event(list.item(), *event);
    } else {
      write_dropped_event(list.item(), execution);
    }
  }
  return std::move(list).finish(page.next_cursor, page.total, page.at_least);
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

}  // namespace rowhook
