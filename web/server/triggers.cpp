#include <nlohmann/json.hpp>

#include "engine/execution/scheduler.h"
#include "engine/journal/journal.h"
#include "engine/store/store.h"
#include "web/server/handlers.h"
#include "web/server/trigger_checks.h"
#include "web/server/webhook_workflow.h"

namespace rowhook {
namespace {

// The stored trigger and how its scripts fare.
Json trigger_json(const Call& call, const Trigger& trigger) {
  Json json = to_json(trigger);
  json["breaker"] = {{"state", "closed"}};
  if (const auto open = call.api.services.scheduler->breaker(trigger.id))
    json["breaker"] = {{"state", open->half_open ? "half_open" : "open"},
                       {"stops", open->stops},
                       {"since", format_rfc3339(open->since)},
                       {"next_trial", format_rfc3339(open->next_trial)}};
  return json;
}

ApiResponse trigger_response(const Call& call, const Trigger& trigger, int status = 200) {
  return ApiResponse::json(trigger_json(call, trigger), status).with("ETag", entity_tag(trigger.revision));
}

Trigger stored_trigger(const Call& call) {
  const std::int64_t id = call.id_parameter("trigger");
  auto trigger = call.api.store().trigger(id);
  if (!trigger) throw NotFound("there is no trigger '" + std::to_string(id) + "'");
  return *std::move(trigger);
}

// Runs a write that expects a revision; if somebody was faster, it is the client's precondition that failed.
template <typename Write>
auto expecting(const ApiRequest& request, const Write& write) {
  try {
    return write();
  } catch (const Conflict& conflict) {
    if (!request.headers.has("if-match")) throw;
    throw HttpError(412, "precondition-failed", conflict.what(), "GET it again and apply the change to that");
  }
}

bool wants_webhook_workflow(const Trigger& trigger) {
  return trigger.workflow_id.empty() && trigger.config.is_object() && trigger.config.contains("endpoint");
}

ApiResponse set_active(Call& call, bool active) {
  for (int attempt = 0;; ++attempt) {
    Trigger trigger = stored_trigger(call);
    check_if_match(call.request, trigger.revision, false);
    if (trigger.is_active == active) return trigger_response(call, trigger);
    trigger.is_active = active;
    try {
      trigger = call.api.store().update_trigger(trigger, trigger.revision, call.api.journal().last_seq());
    } catch (const Conflict&) {
      if (attempt == 3) throw;
      continue;  // changed between the two statements: switch what is stored now
    }
    call.api.changed();
    return trigger_response(call, trigger);
  }
}

}  // namespace

ApiResponse list_triggers(Call& call) {
  TriggerFilter filter;
  filter.source = call.query.text("source");
  filter.event_type = call.query.text("event_type");
  filter.workflow_id = call.query.text("workflow_id");
  filter.name = call.query.text("name");
  filter.is_active = call.query.boolean("is_active");
  const Page page = call.query.page();
  if (page.cursor && page.cursor->find_first_not_of("0123456789") != std::string::npos)
    throw bad_request("the cursor is not one that a page of triggers gave");
  auto found = call.api.store().triggers(filter, {page.skip, page.limit + 1, page.cursor});
  std::optional<std::string> next;
  if (found.size() > page.limit) {
    found.resize(page.limit);
    next = cursor_of(found.back());
  }
  ListBody list;
  for (const auto& trigger : found) list.item() += trigger_json(call, trigger).dump();
  return std::move(list).finish(next, call.api.store().count_triggers(filter));
}

ApiResponse create_trigger(Call& call) {
  std::vector<Problem> problems;
  Trigger trigger = trigger_from_json(json_body(call.request), problems);
  const bool webhook = wants_webhook_workflow(trigger);
  std::optional<Definition> workflow;
  if (problems.empty() && webhook) workflow = webhook_workflow(trigger, call.api, problems);
  if (problems.empty()) check_trigger_surroundings(call.api, trigger, !webhook, problems);
  refuse_problems("the trigger", std::move(problems));

  Store& store = call.api.store();
  if (workflow) trigger.workflow_id = store.save_workflow(*workflow, -1).id;
  try {
    trigger = store.create_trigger(trigger, call.api.journal().last_seq());
  } catch (...) {
    if (workflow) store.delete_workflow(trigger.workflow_id, 0, call.api.journal().last_seq());
    throw;
  }
  call.api.changed();
  return trigger_response(call, trigger, 201)
      .with("Location", "/api/v1/triggers/" + std::to_string(trigger.id));
}

ApiResponse show_trigger(Call& call) { return trigger_response(call, stored_trigger(call)); }

ApiResponse save_trigger(Call& call) {
  const Trigger stored = stored_trigger(call);
  check_if_match(call.request, stored.revision, true);
  std::vector<Problem> problems;
  Trigger trigger = trigger_from_json(json_body(call.request), problems);
  trigger.id = stored.id;
  keep_secret(trigger, stored);
  // A trigger that was made with an endpoint alone is changed in the same form.
  if (wants_webhook_workflow(trigger)) trigger.workflow_id = stored.workflow_id;
  if (problems.empty()) check_trigger_surroundings(call.api, trigger, true, problems);
  std::optional<Definition> workflow;
  if (problems.empty() && trigger.workflow_id == stored.workflow_id)
    workflow = changed_webhook_workflow(stored, trigger, call.api, problems);
  refuse_problems("the trigger", std::move(problems));

  Store& store = call.api.store();
  const auto before = workflow ? store.workflow(workflow->id) : std::nullopt;
  if (workflow) store.save_workflow(*workflow, workflow->revision);
  Trigger saved;
  try {
    saved = expecting(call.request, [&] {
      return store.update_trigger(trigger, stored.revision, call.api.journal().last_seq());
    });
  } catch (...) {
    if (before) store.save_workflow(*before, 0);
    throw;
  }
  call.api.changed();
  return trigger_response(call, saved);
}

ApiResponse delete_trigger(Call& call) {
  const Trigger stored = stored_trigger(call);
  check_if_match(call.request, stored.revision, false);
  const std::int64_t expected = call.request.headers.has("if-match") ? stored.revision : 0;
  expecting(call.request, [&] {
    call.api.store().delete_trigger(stored.id, expected, call.api.journal().last_seq());
    return true;
  });
  delete_webhook_workflow(stored, call.api);
  call.api.changed();
  return ApiResponse::empty();
}

ApiResponse activate_trigger(Call& call) { return set_active(call, true); }
ApiResponse deactivate_trigger(Call& call) { return set_active(call, false); }

ApiResponse validate_trigger_body(Call& call) {
  std::vector<Problem> problems;
  const Trigger trigger = trigger_from_json(json_body(call.request), problems);
  const bool webhook = wants_webhook_workflow(trigger);
  if (problems.empty() && webhook) webhook_workflow(trigger, call.api, problems);
  if (problems.empty()) check_trigger_surroundings(call.api, trigger, !webhook, problems);
  Json errors = Json::array();
  for (const auto& problem : problems)
    errors.push_back({{"pointer", problem.pointer}, {"detail", problem.detail}});
  return ApiResponse::json(Json{{"valid", problems.empty()}, {"errors", std::move(errors)}});
}

}  // namespace rowhook
