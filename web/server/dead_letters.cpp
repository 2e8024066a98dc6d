#include <algorithm>

#include <nlohmann/json.hpp>

#include "engine/execution/scheduler.h"
#include "engine/store/store.h"
#include "web/server/execution_json.h"
#include "web/server/handlers.h"
#include "web/server/trigger_checks.h"

namespace rowhook {
namespace {

// At most so many are retried or discarded by one request; the answer says how many remain.
constexpr std::size_t max_at_once = 10'000;
constexpr std::size_t max_failures = 100;

const Spec& selection_spec() {
  static const std::vector<Field> filters{
      Field::list("ids", "Only these executions.", Field::text("id", "An execution's id.")).length(1, 10'000),
      Field::integer("trigger_id", "Only of this trigger.").range(1, INT64_MAX),
      Field::text("workflow_id", "Only of this workflow."),
      Field::text("source", "Only for events of this source."),
      Field::text("event_type", "Only for this event type."),
      Field::text("table", "Only for this table."),
      Field::text("record_id", "Only for this key, as JSON or bare text."),
      Field::text("event_id", "Only for this event."),
      Field::text("error", "Only errors that contain this."),
      Field::text("from", "Made at or after this time."),
      Field::text("to", "Made before this time."),
  };
  static const Spec spec = [] {
    Spec filter, whole;
    for (const auto& field : filters) {
      filter.add(field);
      whole.add(field);
    }
    whole.add(Field::object("filter", "The same members, for those who like them apart.", filter));
    whole.add(Field::boolean("dry_run", "Only count what matches.").fallback(false));
    return whole;
  }();
  return spec;
}

struct Selection {
  ExecutionFilter filter;
  std::vector<std::string> ids;
  bool dry_run = false;
};

void read_filter(const Json& from, const std::string& pointer, Selection& selection,
                 std::vector<Problem>& problems) {
  const auto text = [&](const char* name, std::string& target) {
    if (from.contains(name)) target = from[name].get<std::string>();
  };
  const auto time = [&](const char* name, std::optional<Micros>& target) {
    if (!from.contains(name)) return;
    try {
      target = parse_rfc3339(from[name].get<std::string>());
    } catch (const InvalidInput& error) {
      problems.push_back({pointer + "/" + name, error.what()});
    }
  };
  text("workflow_id", selection.filter.workflow_id);
  text("source", selection.filter.source);
  text("event_type", selection.filter.event_type);
  text("table", selection.filter.table);
  text("record_id", selection.filter.record_id);
  text("event_id", selection.filter.event_id);
  text("error", selection.filter.error);
  time("from", selection.filter.from);
  time("to", selection.filter.to);
  if (from.contains("trigger_id")) selection.filter.trigger_id = from["trigger_id"].get<std::int64_t>();
  if (from.contains("ids")) selection.ids = from["ids"].get<std::vector<std::string>>();
}

Selection read_selection(const Call& call) {
  std::vector<Problem> problems;
  const Json body = selection_spec().check(json_body(call.request, true), "", problems);
  refuse_problems("the request", problems);
  Selection selection;
  selection.filter.status = to_string(ExecutionStatus::dead_letter);
  selection.dry_run = body["dry_run"].get<bool>();
  read_filter(body, "", selection, problems);
  if (body.contains("filter")) read_filter(body["filter"], "/filter", selection, problems);
  refuse_problems("the request", problems);
  return selection;
}

// The ids of the dead letters that match, oldest first, so that a key's changes are replayed in their order.
std::vector<std::string> matching(const Call& call, Selection& selection, std::uint64_t& total) {
  ExecutionLog& log = call.api.store().executions();
  std::vector<Execution> found;
  if (!selection.ids.empty()) {
    for (const auto& id : selection.ids) {
      auto execution = log.find(id);
      if (!execution) throw NotFound("there is no execution '" + id + "'");
      if (execution->status != ExecutionStatus::dead_letter)
        throw Conflict("the execution '" + id + "' is not a dead letter but " +
                       std::string(to_string(execution->status)));
      found.push_back(*std::move(execution));
    }
    total = found.size();
  } else {
    total = log.count(selection.filter);
    selection.filter.limit = 1000;
    // The oldest stand at the end of a listing that begins with the newest.
    selection.filter.skip = total > max_at_once ? static_cast<std::size_t>(total) - max_at_once : 0;
    for (;;) {
      auto page = log.list(selection.filter);
      const bool last = page.size() < selection.filter.limit;
      std::move(page.begin(), page.end(), std::back_inserter(found));
      if (last || found.size() >= max_at_once) break;
      selection.filter.skip += selection.filter.limit;
    }
  }
  std::sort(found.begin(), found.end(), [](const Execution& a, const Execution& b) {
    return a.seq < b.seq || (a.seq == b.seq && a.trigger_id < b.trigger_id);
  });
  std::vector<std::string> ids;
  for (const auto& execution : found) ids.push_back(execution.id);
  return ids;
}

template <typename Act>
ApiResponse for_each_match(Call& call, const char* done_name, const Act& act) {
  Selection selection = read_selection(call);
  std::uint64_t total = 0;
  const auto ids = matching(call, selection, total);
  Json failed = Json::array();
  std::uint64_t done = 0, failures = 0;
  if (!selection.dry_run)
    for (const auto& id : ids) try {
        act(id);
        done += 1;
      } catch (const PermanentError& error) {  // somebody else was faster with this one
        failures += 1;
        if (failed.size() < max_failures) failed.push_back({{"id", id}, {"detail", error.what()}});
      }
  return ApiResponse::json(Json{{"matched", total},
                                {"dry_run", selection.dry_run},
                                {done_name, done},
                                {"failed", std::move(failed)},
                                {"remaining", total - done}});
}

}  // namespace

ApiResponse list_dead_letters(Call& call) {
  ExecutionFilter filter = execution_filter(call);
  filter.status = to_string(ExecutionStatus::dead_letter);
  const ExecutionPage page = list_executions(call.api, filter, call.query.page());
  ListBody list;
  for (const auto& execution : page.executions) write_execution(list.item(), execution);
  return std::move(list).finish(page.next_cursor, page.total, page.at_least);
}

ApiResponse retry_dead_letters(Call& call) {
  return for_each_match(call, "retried",
                        [&](const std::string& id) { call.api.services.scheduler->retry(id); });
}

ApiResponse discard_dead_letters(Call& call) {
  return for_each_match(call, "discarded",
                        [&](const std::string& id) { call.api.services.scheduler->discard(id); });
}

}  // namespace rowhook
