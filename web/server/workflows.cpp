#include <nlohmann/json.hpp>

#include "engine/event/json_writer.h"
#include "engine/execution/scheduler.h"
#include "engine/journal/journal.h"
#include "engine/store/store.h"
#include "web/server/column_checks.h"
#include "web/server/execution_json.h"
#include "web/server/given_event.h"
#include "web/server/handlers.h"
#include "web/server/trigger_checks.h"
#include "workflows/node.h"
#include "workflows/run.h"

namespace rowhook {
namespace {

Json shown(const Definition& definition) {
  Json json = to_json(without_secrets(definition));
  json["revision"] = definition.revision;
  return json;
}

ApiResponse workflow_response(const Definition& definition, int status = 200) {
  return ApiResponse::json(shown(definition), status).with("ETag", entity_tag(definition.revision));
}

Definition stored_workflow(const Call& call) {
  const std::string id = call.parameter();
  auto definition = call.api.store().workflow(id);
  if (!definition) throw NotFound("there is no workflow '" + id + "'");
  return *std::move(definition);
}

Definition definition_of_body(const Call& call, std::vector<Problem>& problems) {
  return definition_from_json(json_body(call.request), problems);
}

void refuse_wrong(const Call& call, const Definition& definition, std::vector<Problem> problems) {
  if (problems.empty())
    problems = workflow_problems(call.api, definition, *call.api.services.nodes,
                                 triggers_to(call.api, definition.id));
  if (problems.empty()) check_workflow_targets(call.api, definition, problems);
  refuse_problems("the workflow", std::move(problems));
}

std::string new_workflow_id(const Definition& definition, const ApiContext& api) {
  std::string id;
  for (const char c : definition.name) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      id += upper ? static_cast<char>(c + 32) : c;
    } else if (!id.empty() && id.back() != '-') {
      id += '-';
    }
  }
  while (id.ends_with('-')) id.pop_back();
  if (!id.empty() && id.size() <= 200 && !api.store().workflow(id)) return id;
  std::array<char, 9> suffix{};
  std::snprintf(suffix.data(), suffix.size(), "%08x", static_cast<unsigned>(api.services.random()));
  return (id.empty() ? "workflow" : id.substr(0, 200)) + "-" + suffix.data();
}

}  // namespace

ApiResponse list_workflows(Call& call) {
  const Page page = call.query.page();
  auto found = call.api.store().workflows({page.skip, page.limit + 1, page.cursor});
  std::optional<std::string> next;
  if (found.size() > page.limit) {
    found.resize(page.limit);
    next = cursor_of(found.back());
  }
  ListBody list;
  for (const auto& definition : found) list.item() += shown(definition).dump();
  return std::move(list).finish(next, call.api.store().count_workflows());
}

ApiResponse create_workflow(Call& call) {
  std::vector<Problem> problems;
  Definition definition = definition_of_body(call, problems);
  if (problems.empty() && definition.id.empty()) definition.id = new_workflow_id(definition, call.api);
  if (problems.empty() && call.api.store().workflow(definition.id))
    throw Conflict("there is a workflow '" + definition.id + "' already",
                   "PUT /workflows/" + definition.id + " replaces it");
  refuse_wrong(call, definition, std::move(problems));
  const Definition saved = call.api.store().save_workflow(definition, -1);
  call.api.changed();
  return workflow_response(saved, 201).with("Location", "/api/v1/workflows/" + percent_encode(saved.id));
}

ApiResponse show_workflow(Call& call) { return workflow_response(stored_workflow(call)); }

ApiResponse save_workflow(Call& call) {
  const std::string id = call.parameter();
  const auto stored = call.api.store().workflow(id);
  if (stored) check_if_match(call.request, stored->revision, true);
  if (!stored && call.request.headers.has("if-match"))
    throw HttpError(412, "precondition-failed", "there is no workflow '" + id + "'");
  std::vector<Problem> problems;
  Definition definition = definition_of_body(call, problems);
  if (problems.empty() && !definition.id.empty() && definition.id != id)
    problems.push_back({"/id", "is '" + definition.id + "', but the path says '" + id + "'"});
  definition.id = id;
  if (stored) keep_secrets(definition, *stored);
  refuse_wrong(call, definition, std::move(problems));
  try {
    definition = call.api.store().save_workflow(definition, stored ? stored->revision : -1);
  } catch (const Conflict& conflict) {
    throw HttpError(412, "precondition-failed", conflict.what(), "GET it again and apply the change to that");
  }
  call.api.changed();
  return workflow_response(definition, stored ? 200 : 201);
}

ApiResponse delete_workflow(Call& call) {
  const Definition stored = stored_workflow(call);
  check_if_match(call.request, stored.revision, false);
  const std::int64_t expected = call.request.headers.has("if-match") ? stored.revision : 0;
  call.api.store().delete_workflow(stored.id, expected, call.api.journal().last_seq());
  for (const auto& node : stored.nodes)
    call.api.services.scheduler->clear_state(node_state_scope(stored.id, node.node_id));
  call.api.changed();
  return ApiResponse::empty();
}

ApiResponse list_input_nodes(Call& call) {
  const Definition definition = stored_workflow(call);
  std::vector<ShortListItem> items;
  for (const auto& node_id : definition.input_nodes()) {
    const NodeDefinition& node = *definition.node(node_id);
    const Json item{{"node_id", node.node_id}, {"node_type", node.node_type}, {"name", node.name}};
    items.push_back({node.node_id, item.dump()});
  }
  return short_list(call.query.page(), items);
}

ApiResponse list_node_types(Call& call) {
  const Json nothing = Json::object();
  std::vector<ShortListItem> items;
  for (const auto& type : node_types()) {
    const Json item{{"name", type.name},
                    {"title", type.title},
                    {"doc", type.doc},
                    {"is_input", type.is_input},
                    {"has_effects", type.has_effects},
                    {"inputs", type.inputs(nothing)},
                    {"outputs", type.outputs(nothing)},
                    {"config", type.spec.schema()}};
    items.push_back({std::string(type.name), item.dump()});
  }
  return short_list(call.query.page(), items);
}

ApiResponse run_workflow_now(Call& call) {
  const Definition definition = stored_workflow(call);
  const Document body = exact_body(call.request, true);
  check_members(body, {"event", "event_id", "item", "target_node_id", "dry_run"});
  const std::string target = text_member(body, "target_node_id");
  if (!target.empty() && !definition.node(target))
    throw InvalidInput("the workflow has no node '" + target + "'",
                       {{"/target_node_id", "there is no node '" + target + "'"}});
  const EventPtr event = event_for_run(body, call.api);
  ItemPtr item = body.find("item") ? std::make_shared<const Item>(*body.find("item"))
                                   : std::make_shared<const Item>(event);
  const WorkflowPtr workflow = compile_workflow(definition, *call.api.services.nodes);
  const Execution execution = call.api.services.scheduler->run_once(workflow, target, event, item,
                                                                    boolean_member(body, "dry_run", false));
  std::string out;
  write_execution(out, execution, steps_json(execution.steps, event_json(*event)));
  return ApiResponse::json(std::move(out));
}

}  // namespace rowhook
