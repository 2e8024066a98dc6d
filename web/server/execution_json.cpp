#include "web/server/execution_json.h"

#include <algorithm>
#include <set>

#include "engine/event/json_writer.h"
#include "engine/execution/scheduler.h"
#include "engine/journal/event_match.h"
#include "engine/journal/journal.h"
#include "engine/store/store.h"
#include "web/server/call.h"

namespace rowhook {
namespace {

constexpr std::size_t max_in_flight = 1000;

bool is_record_key(const std::string& key, const std::string& record_id) {
  const auto keys = record_key_texts(record_id);
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

bool running_matches(const Execution& execution, const ExecutionFilter& filter) {
  const auto is = [](const std::string& wanted, std::string_view value) {
    return wanted.empty() || wanted == value;
  };
  return is(filter.status, to_string(execution.status)) && is(filter.source, execution.source) &&
         is(filter.event_type, execution.event_type) && is(filter.table, execution.table) &&
         (filter.record_id.empty() || is_record_key(execution.key, filter.record_id)) &&
         is(filter.workflow_id, execution.workflow_id) && is(filter.event_id, execution.event_id) &&
         (filter.error.empty() || execution.error_message.find(filter.error) != std::string::npos) &&
         (!filter.trigger_id || *filter.trigger_id == execution.trigger_id) &&
         (!filter.from || execution.created_at >= *filter.from) &&
         (!filter.to || execution.created_at < *filter.to);
}

}  // namespace

void write_execution(std::string& out, const Execution& execution, const std::optional<std::string>& steps) {
  JsonObject json(out);
  json.text("id", execution.id);
  if (execution.trigger_id != 0) {
    json.number("trigger_id", execution.trigger_id);
  } else {
    json.raw("trigger_id", "null");  // run by hand
  }
  json.number("trigger_revision", execution.trigger_revision);
  json.text("workflow_id", execution.workflow_id);
  json.text_or_null("event_id", execution.event_id);
  json.number("seq", execution.seq);
  json.text_or_null("source", execution.source);
  json.text_or_null("event_type", execution.event_type);
  json.text_or_null("table", execution.table);
  json.raw("key", execution.key);
  json.text_or_null("target_node_id", execution.target_node_id);
  json.text("status", to_string(execution.status));
  json.number("attempt", std::uint64_t{execution.attempt});
  json.text_or_null("error_message", execution.error_message);
  json.time("created_at", execution.created_at);
  json.time("started_at", execution.started_at);
  json.time("finished_at", execution.finished_at);
  json.time("next_attempt_at", execution.next_attempt_at);
  json.number("execution_time_ms", execution.execution_time_ms);
  if (steps) {
    if (!execution.edited_input.empty()) json.raw("edited_input", execution.edited_input);
    json.raw("steps", steps->empty() ? std::string_view("[]") : std::string_view(*steps));
  }
  json.close();
}

std::string execution_with_steps(const ApiContext& api, const Execution& execution) {
  // What was run by hand has no seq of its own.
  const EventPtr event =
      execution.seq != 0 ? api.journal().at(execution.seq) : api.journal().find(execution.event_id);
  std::string out;
  std::string steps = execution.steps.empty()
                          ? "[]"
                          : steps_json(execution.steps, event ? event_json(*event) : std::string());
  write_execution(out, execution, std::move(steps));
  return out;
}

Execution find_execution(const ApiContext& api, const std::string& id) {
  for (auto& running : api.services.scheduler->in_flight(max_in_flight))
    if (running.id == id) return std::move(running);
  if (auto found = api.store().executions().find(id)) return *std::move(found);
  throw NotFound("there is no execution '" + id + "'");
}

ExecutionFilter execution_filter(const Call& call) {
  ExecutionFilter filter;
  filter.status = call.query.text("status");
  if (!filter.status.empty()) {
    try {
      (void)execution_status(filter.status);
    } catch (const InvalidInput& error) {
      throw bad_request("query parameter 'status': " + std::string(error.what()) +
                        (error.problems().empty() ? "" : ": " + error.problems().front().detail));
    }
  }
  filter.source = call.query.text("source");
  filter.event_type = call.query.text("event_type");
  filter.table = call.query.text("table");
  filter.record_id = call.query.text("record_id");
  filter.workflow_id = call.query.text("workflow_id");
  filter.event_id = call.query.text("event_id");
  filter.error = call.query.text("error");
  filter.trigger_id = call.query.integer("trigger_id", 1, INT64_MAX);
  filter.from = call.query.time("from");
  filter.to = call.query.time("to");
  return filter;
}

ExecutionPage list_executions(const ApiContext& api, ExecutionFilter filter, const Page& page) {
  ExecutionPage out;
  filter.skip = page.skip;
  filter.limit = page.limit + 1;
  filter.before_id_cursor = page.cursor.value_or("");
  auto logged = api.store().executions().list(filter);
  if (logged.size() > page.limit) {
    logged.resize(page.limit);
    out.next_cursor = cursor_of(logged.back());
  }
  out.total = api.store().executions().count(filter, max_counted);
  out.at_least = out.total == max_counted;
  if (page.skip == 0 && !page.cursor &&
      (filter.status.empty() || filter.status == "pending" || filter.status == "running")) {
    std::set<std::string> known;
    for (const auto& execution : logged) known.insert(execution.id);
    for (auto& running : api.services.scheduler->in_flight(max_in_flight))
      if (running_matches(running, filter) && !known.contains(running.id))
        out.executions.push_back(std::move(running));
    std::sort(out.executions.begin(), out.executions.end(), [](const Execution& a, const Execution& b) {
      return a.seq > b.seq || (a.seq == b.seq && a.trigger_id > b.trigger_id);
    });
    out.total += out.executions.size();
  }
  std::move(logged.begin(), logged.end(), std::back_inserter(out.executions));
  return out;
}

}  // namespace rowhook
