// Workflows, triggers and scripts that belong together, in one request: POST /definitions.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/journal/journal.h"
#include "engine/store/store.h"
#include "scripting/script_engine.h"
#include "web/server/column_checks.h"
#include "web/server/handlers.h"
#include "web/server/trigger_checks.h"
#include "web/server/webhook_workflow.h"
#include "workflows/run.h"
#include "workflows/services.h"

namespace rowhook {
namespace {

enum class Action { create, update, unchanged };

std::string_view name_of(Action action) {
  switch (action) {
    case Action::create:
      return "create";
    case Action::update:
      return "update";
    case Action::unchanged:
      return "unchanged";
  }
  return "";
}

// Only what a user writes: what the store adds says nothing about a difference.
Json written(Json document) {
  for (const char* name : {"created_at", "updated_at", "revision", "from_seq", "until_seq"})
    document.erase(name);
  return document;
}

// Everything of one request, checked as if it were stored already, then stored.
class DefinitionSet {
 public:
  DefinitionSet(Call& call, const Json& body)
      : call_(call), store_(call.api.store()), services_(*call.api.services.nodes) {
    services_.script_text = [this](const std::string& name) -> std::optional<std::string> {
      if (const auto found = scripts_.find(name); found != scripts_.end()) return found->second.text;
      const auto stored = store_.script(name);
      return stored ? std::optional(stored->text) : std::nullopt;
    };
    read_scripts(body);
    read_workflows(body);
    read_stored_triggers();
    read_triggers(body);
    if (problems_.empty()) check_columns();
  }

  std::vector<Problem> problems() const { return problems_; }

  Json changes() const {
    Json items = Json::array();
    const auto add = [&](std::string_view kind, const std::string& name, Action action) {
      items.push_back({{"action", name_of(action)}, {"kind", kind}, {"name", name}});
    };
    for (const auto& [name, script] : scripts_) add("script", name, script.action);
    for (const auto& workflow : workflows_) add("workflow", workflow.definition.id, workflow.action);
    for (const auto& trigger : triggers_) add("trigger", trigger.trigger.name, trigger.action);
    return items;
  }

  void store() {
    const std::uint64_t head = call_.api.journal().last_seq();
    for (const auto& [name, script] : scripts_)
      if (script.action != Action::unchanged)
        store_.save_script(name, script.text, script.revision, call_.request.principal.name, head);
    for (const auto& workflow : workflows_)
      if (workflow.action != Action::unchanged) store_.save_workflow(workflow.definition, workflow.revision);
    for (const auto& trigger : triggers_) {
      if (trigger.action == Action::create) store_.create_trigger(trigger.trigger, head);
      if (trigger.action == Action::update)
        store_.update_trigger(trigger.trigger, trigger.trigger.revision, head);
    }
  }

 private:
  struct Script {
    std::string text;
    Action action = Action::create;
    std::int64_t revision = -1;  // the stored one; -1: none
  };
  struct Workflow {
    Definition definition;
    Action action = Action::create;
    std::int64_t revision = -1;
    bool checked = false;  // and found right by itself
  };
  struct Wanted {
    Trigger trigger;
    Action action = Action::create;
  };

  // Problems of a part, under where the part stands in the request.
  void add(const std::string& at, const std::vector<Problem>& found) {
    for (const auto& problem : found) problems_.push_back({at + problem.pointer, problem.detail});
  }

  void read_scripts(const Json& body) {
    const Json scripts = body.value("scripts", Json::object());
    for (const auto& [name, text] : scripts.items()) {
      const std::string at = pointer_append("/scripts", name);
      if (!text.is_string()) {
        problems_.push_back({at, "expected the text of the script"});
        continue;
      }
      Script& script = scripts_[name];
      script.text = text.get<std::string>();
      if (const auto error = call_.api.services.scripts->inspect(name, script.text, std::nullopt).error)
        problems_.push_back({at, with_place(*error)});
      if (const auto stored = store_.script(name)) {
        script.revision = stored->revision;
        script.action = stored->text == script.text ? Action::unchanged : Action::update;
      }
    }
  }

  void read_workflows(const Json& body) {
    const Json list = body.value("workflows", Json::array());
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string at = pointer_append("/workflows", i);
      std::vector<Problem> found;
      Workflow workflow;
      workflow.definition = definition_from_json(list[i], found);
      if (found.empty() && workflow.definition.id.empty()) found.push_back({"/id", "is missing"});
      if (found.empty()) {
        if (const auto stored = store_.workflow(workflow.definition.id)) {
          keep_secrets(workflow.definition, *stored);
          workflow.revision = stored->revision;
          workflow.action = written(to_json(*stored)) == written(to_json(workflow.definition))
                                ? Action::unchanged
                                : Action::update;
        }
        found = validate_workflow(workflow.definition, services_);
        workflow.checked = found.empty();
      }
      add(at, found);
      workflows_.push_back(std::move(workflow));
    }
  }

  void read_stored_triggers() {
    ListRange range;
    range.limit = 1000;
    for (;; range.skip += range.limit) {
      auto page = store_.triggers({}, range);
      const bool last = page.size() < range.limit;
      for (auto& trigger : page) stored_.emplace(trigger.name, std::move(trigger));
      if (last) return;
    }
  }

  void read_triggers(const Json& body) {
    const Json list = body.value("triggers", Json::array());
    for (std::size_t i = 0; i < list.size(); ++i) {
      std::vector<Problem> found;
      Wanted wanted;
      wanted.trigger = trigger_from_json(list[i], found);
      if (found.empty()) {
        compare(wanted, found);
        check(wanted.trigger, found);
      }
      add(pointer_append("/triggers", i), found);
      triggers_.push_back(std::move(wanted));
    }
  }

  // A trigger's name is its identity here.
  void compare(Wanted& wanted, std::vector<Problem>& found) {
    Trigger& trigger = wanted.trigger;
    const auto stored = stored_.find(trigger.name);
    if (stored != stored_.end()) {
      trigger.id = stored->second.id;
      trigger.revision = stored->second.revision;
      keep_secret(trigger, stored->second);
      if (trigger.workflow_id.empty()) trigger.workflow_id = stored->second.workflow_id;
      wanted.action =
          written(to_json(stored->second)) == written(to_json(trigger)) ? Action::unchanged : Action::update;
      if (auto adapted = changed_webhook_workflow(stored->second, trigger, call_.api, found))
        workflows_.push_back({*adapted, Action::update, adapted->revision});
    } else if (trigger.workflow_id.empty() && trigger.config.contains("endpoint")) {
      Definition made = webhook_workflow(trigger, call_.api, found);
      trigger.workflow_id = made.id;
      workflows_.push_back({std::move(made), Action::create, -1});
    }
  }

  void check(const Trigger& trigger, std::vector<Problem>& found) {
    check_trigger_scripts(call_.api, trigger, services_.script_text, found);
    for (const auto& workflow : workflows_)
      if (workflow.definition.id == trigger.workflow_id)
        return check_target(workflow.definition, trigger, found);
    check_trigger_workflow(call_.api, trigger, services_, found);
  }

  // Stored triggers that this request does not change.
  bool stays(const Trigger& stored) const {
    return std::none_of(triggers_.begin(), triggers_.end(),
                        [&](const Wanted& wanted) { return wanted.trigger.name == stored.name; });
  }

  // Scripts of this request against the rows that all triggers, once it is stored, will hand to them. Those
  // that a trigger of this request names have been checked with it.
  void check_columns() {
    for (std::size_t i = 0; i < workflows_.size(); ++i) {
      const Definition& definition = workflows_[i].definition;
      if (!workflows_[i].checked) continue;
      std::vector<Trigger> leading;
      for (const auto& [name, trigger] : stored_)
        if (trigger.workflow_id == definition.id && stays(trigger)) leading.push_back(trigger);
      for (const auto& wanted : triggers_)
        if (wanted.trigger.workflow_id == definition.id) leading.push_back(wanted.trigger);
      add(pointer_append("/workflows", i), workflow_problems(call_.api, definition, services_, leading));
    }
    for (const auto& [name, script] : scripts_) {
      auto users = triggers_of_script(call_.api, name);
      std::erase_if(users, [&](const Trigger& trigger) { return !stays(trigger); });
      const auto error =
          call_.api.services.scripts->inspect(name, script.text, std::nullopt, tables_of(call_.api, users))
              .error;
      if (error) problems_.push_back({pointer_append("/scripts", name), with_place(*error)});
    }
  }

  Call& call_;
  Store& store_;
  NodeServices services_;  // with the scripts of this request
  std::map<std::string, Script> scripts_;
  std::vector<Workflow> workflows_;
  std::map<std::string, Trigger> stored_;  // by name
  std::vector<Wanted> triggers_;
  std::vector<Problem> problems_;
};

}  // namespace

ApiResponse apply_definitions(Call& call) {
  const Json body = json_body(call.request);
  static const Spec spec{
      Field::map("scripts", "Texts of scripts by name", Field::any("text", "The script")),
      Field::list("workflows", "Workflows with their ids", Field::any("workflow", "A workflow")),
      Field::list("triggers", "Triggers; their names say which", Field::any("trigger", "A trigger")),
      Field::boolean("dry_run", "Only check, and say what would change").fallback(false)};
  const bool dry_run = spec.parse(body, "the request").at("dry_run");
  DefinitionSet set(call, body);
  refuse_problems("the set of definitions", set.problems());
  if (!dry_run) {
    set.store();
    call.api.changed();
  }
  return ApiResponse::json(Json{{"items", set.changes()}, {"dry_run", dry_run}});
}

}  // namespace rowhook
