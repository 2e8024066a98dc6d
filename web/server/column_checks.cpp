#include "web/server/column_checks.h"

#include <algorithm>

#include "engine/event/event.h"
#include "engine/store/store.h"
#include "web/server/call.h"

namespace rowhook {
namespace {

constexpr std::size_t page = 1000;

bool changes_a_row(const Trigger& trigger) {
  return trigger.event_type == event_type::inserted || trigger.event_type == event_type::updated ||
         trigger.event_type == event_type::deleted;
}

std::vector<ScriptTable> tables_of(const ApiContext& api, const Trigger& trigger) {
  if (!api.services.script_tables || !changes_a_row(trigger)) return {};
  std::vector<std::string> globs;
  if (const auto tables = trigger.config.find("tables"); tables != trigger.config.end() && tables->is_array())
    for (const auto& glob : *tables)
      if (glob.is_string()) globs.push_back(glob.get<std::string>());
  return api.services.script_tables(trigger.source, globs);
}

bool same(const ScriptTable& a, const ScriptTable& b) {
  return a.name == b.name && a.excluded == b.excluded &&
         std::equal(a.columns.begin(), a.columns.end(), b.columns.begin(), b.columns.end(),
                    [](const auto& x, const auto& y) { return x.name == y.name && x.type == y.type; });
}

std::vector<Trigger> all_triggers(const ApiContext& api, const TriggerFilter& filter) {
  std::vector<Trigger> all;
  for (std::size_t skip = 0;; skip += page) {
    auto found = api.store().triggers(filter, {.skip = skip, .limit = page, .after = {}});
    const bool last = found.size() < page;
    std::move(found.begin(), found.end(), std::back_inserter(all));
    if (last) return all;
  }
}

// Whether the config of a trigger or node, or a rule in it, names the stored script.
bool names_script(const nlohmann::json& config, const std::string& script) {
  if (config.is_object())
    for (const char* member : {"filter_script", "transform_script"})
      if (const auto found = config.find(member); found != config.end() && *found == script) return true;
  return config.is_structured() && std::any_of(config.begin(), config.end(), [&](const nlohmann::json& part) {
           return names_script(part, script);
         });
}

}  // namespace

std::vector<ScriptTable> tables_of(const ApiContext& api, const std::vector<Trigger>& triggers) {
  std::vector<ScriptTable> tables;
  for (const auto& trigger : triggers) {
    const auto seen = tables_of(api, trigger);
    if (seen.empty()) return {};
    for (const auto& table : seen)
      if (std::none_of(tables.begin(), tables.end(), [&](const auto& known) { return same(known, table); }))
        tables.push_back(table);
  }
  return tables;
}

std::vector<Trigger> triggers_to(const ApiContext& api, const std::string& workflow_id,
                                 const Trigger* instead) {
  TriggerFilter filter;
  filter.workflow_id = workflow_id;
  auto triggers = all_triggers(api, filter);
  if (!instead) return triggers;
  std::erase_if(triggers, [&](const Trigger& trigger) { return trigger.id == instead->id; });
  if (instead->workflow_id == workflow_id) triggers.push_back(*instead);
  return triggers;
}

std::vector<Trigger> triggers_of_script(const ApiContext& api, const std::string& script) {
  std::vector<Trigger> found;
  for (auto& trigger : all_triggers(api, {})) {
    const auto workflow = names_script(trigger.config, script) || trigger.workflow_id.empty()
                              ? std::nullopt
                              : api.store().workflow(trigger.workflow_id);
    if (names_script(trigger.config, script) ||
        (workflow && std::any_of(workflow->nodes.begin(), workflow->nodes.end(),
                                 [&](const auto& node) { return names_script(node.config, script); })))
      found.push_back(std::move(trigger));
  }
  return found;
}

}  // namespace rowhook
