#include "engine/router/trigger.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/json.h"
#include "engine/db/condition.h"

namespace rowhook {

using nlohmann::json;

namespace {

bool lower(char c) { return c >= 'a' && c <= 'z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool upper(char c) { return c >= 'A' && c <= 'Z'; }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// The formats of seeds/4 by hand: std::regex recurses once per character and would take the stack down with a
// long name.
bool is_source(std::string_view text) {  // ^[a-z][a-z0-9-]*[a-z0-9]$
  return text.size() >= 2 && lower(text.front()) && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) { return lower(c) || digit(c) || c == '-'; });
}
bool is_event_type(std::string_view text) {  // ^[a-z][a-z0-9_]*$
  return !text.empty() && lower(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return lower(c) || digit(c) || c == '_'; });
}
bool is_node_id(std::string_view text) {  // ^[a-zA-Z0-9_-]+$
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return lower(c) || upper(c) || digit(c) || c == '_' || c == '-';
  });
}

void check_columns(const Trigger& trigger, std::vector<Problem>& problems) {
  if (const std::size_t length = characters(trimmed(trigger.name)); length < 3 || length > 255)
    problems.push_back(
        {"/name", "a trigger's name has 3 to 255 characters; this one has " + std::to_string(length)});
  if (trimmed(trigger.workflow_id).empty())
    problems.push_back({"/workflow_id", "is missing: the id of the workflow to run"});
  else if (characters(trigger.workflow_id) > 255)
    problems.push_back({"/workflow_id", "is longer than 255 characters"});
  if (trigger.source.size() > 255 || !is_source(trigger.source))
    problems.push_back(
        {"/source", "'" + trigger.source.substr(0, 255) +
                        "' is not a source: two or more lower-case letters, digits and hyphens, beginning "
                        "with a letter, not ending with a hyphen, e.g. \"main-postgres\""});
  if (trigger.event_type.size() > 255 || !is_event_type(trigger.event_type))
    problems.push_back(
        {"/event_type", "'" + trigger.event_type.substr(0, 255) +
                            "' is not an event type: lower-case letters, digits and underscores, beginning "
                            "with a letter, e.g. \"record_updated\""});
  if (trigger.target_node_id &&
      (trigger.target_node_id->size() > 255 || !is_node_id(*trigger.target_node_id)))
    problems.push_back(
        {"/target_node_id", "'" + trigger.target_node_id->substr(0, 255) +
                                "' is not a node id: letters, digits, '_' and '-', at most 255"});
}

void check_config(const Trigger& trigger, std::vector<Problem>& problems) {
  const std::size_t before = problems.size();
  const json config = trigger_config_spec().check(trigger.config, "/config", problems);
  if (problems.size() != before) return;  // the checks below rely on the types
  const auto exclusive = [&](const char* text, const char* script) {
    if (config.contains(text) && config.contains(script))
      problems.push_back({std::string("/config/") + script,
                          std::string("give either '") + text + "' or '" + script + "', not both"});
  };
  exclusive("filter", "filter_script");
  exclusive("transform", "transform_script");
  if (config.contains("changed") && !config["changed"].empty() && trigger.event_type != event_type::updated)
    problems.push_back(
        {"/config/changed", "only updates have changed columns: use it with event_type 'record_updated'"});
  if (const auto where = config.find("where"); where != config.end()) try {
      (void)Condition::parse(where->get_ref<const std::string&>());
    } catch (const InvalidInput& error) {
      problems.push_back({"/config/where", error.what()});
    }
}

// Members of the API's shape; formats are checked by validate_trigger.
const Spec& trigger_spec() {
  static const Spec spec{
      Field::integer("id", "The trigger's id; given by the store."),
      Field::text("name", "A name for people, 3 to 255 characters."),
      Field::text("description", "What it is for.").nullable(),
      Field::text("workflow_id", "The workflow to run."),
      Field::text("source", "The source whose events fire it."),
      Field::text("event_type", "The type of event that fires it."),
      Field::text("target_node_id", "The node to start at; null: the first input node.").nullable(),
      Field::any("config", "Conditions, scripts, ordering, retries."),
      Field::boolean("is_active", "Whether it fires."),
      Field::any("created_at", "Read only."),
      Field::any("updated_at", "Read only."),
      Field::integer("revision", "Read only; the ETag."),
      Field::any("breaker", "Read only: whether its scripts are held back."),
      Field::text("endpoint", "The same as config.endpoint."),
      Field::text("secret", "The same as config.secret.").secret(),
  };
  return spec;
}

std::string text_member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

const Spec& trigger_config_spec() {
  static const Spec retry{
      Field::integer("max_retries",
                     "How often a failed execution is tried again before it becomes a dead letter.")
          .range(0, 1000),
      Field::number("retry_delay_seconds", "Wait before the first retry.").range(0, 86400),
      Field::boolean("exponential_backoff", "Double the wait with every retry."),
      Field::number("max_delay_seconds", "The longest wait between two retries.").range(0, 604800),
  };
  static const Spec spec{
      Field::list(
          "tables",
          "Tables whose events may fire: globs with `*` and `?` on `table` or `schema.table`; all if absent.",
          Field::text("table", "A table glob.").length(1, 255))
          .example({"public.order*"}),
      Field::list("changed", "For updates: fires only if one of these columns changed.",
                  Field::text("column", "A column name.").length(1, 255))
          .example({"status"}),
      Field::text("where", "Fires only if this condition holds; see conditions.md.")
          .format("condition")
          .example("status = 'paid' AND old.status <> 'paid'"),
      Field::text("filter", "A Lua filter: an expression or chunk that returns true or false.").format("lua"),
      Field::text("filter_script", "The name of a stored script to use as the filter.").length(1, 255),
      Field::text("transform",
                  "A Lua transform: returns the item the workflow starts with, or nil to drop the event.")
          .format("lua"),
      Field::text("transform_script", "The name of a stored script to use as the transform.").length(1, 255),
      Field::choice("ordering",
                    "What runs one after another: executions of one `key`, of the whole `source`, or `none`. Where the "
                    "trigger's own scripts use kv, `source` is the default.",
                    {"key", "source", "none"})
          .fallback("key"),
      Field::object("retry", "Overrides of the retry settings.", retry),
      Field::text("endpoint", "Where a trigger without a workflow of its own sends its webhook.")
          .format("url"),
      Field::text("secret", "Signs the webhook; `whsec_` and base64, as Standard Webhooks has it.").secret(),
      Field::choice("format", "The webhook's body.", {"json", "cloudevents", "debezium"}),
  };
  return spec;
}

std::vector<Problem> validate_trigger(const Trigger& trigger) {
  std::vector<Problem> problems;
  check_columns(trigger, problems);
  check_config(trigger, problems);
  return problems;
}

json to_json(const Trigger& trigger) {
  const auto time = [](Micros at) { return at == 0 ? json(nullptr) : json(format_rfc3339(at)); };
  return {{"id", trigger.id},
          {"name", trigger.name},
          {"description", trigger.description},
          {"workflow_id", trigger.workflow_id},
          {"source", trigger.source},
          {"event_type", trigger.event_type},
          {"target_node_id", trigger.target_node_id ? json(*trigger.target_node_id) : json(nullptr)},
          {"config", trigger_config_spec().redact(trigger.config)},
          {"is_active", trigger.is_active},
          {"created_at", time(trigger.created_at)},
          {"updated_at", time(trigger.updated_at)},
          {"revision", trigger.revision}};
}

Trigger trigger_from_json(const json& document, std::vector<Problem>& problems) {
  Trigger trigger;
  const std::size_t before = problems.size();
  (void)trigger_spec().check(document, "", problems);
  if (!document.is_object()) return trigger;
  trigger.name = std::string(trimmed(text_member(document, "name")));
  trigger.description = text_member(document, "description");
  trigger.workflow_id = text_member(document, "workflow_id");
  trigger.source = text_member(document, "source");
  trigger.event_type = text_member(document, "event_type");
  if (std::string node = text_member(document, "target_node_id"); !node.empty())
    trigger.target_node_id = std::move(node);
  if (const auto config = document.find("config"); config != document.end() && !config->is_null())
    trigger.config = *config;
  for (const char* name : {"endpoint", "secret"})
    if (trigger.config.is_object() && document.contains(name) && !trigger.config.contains(name))
      trigger.config[name] = document[name];
  if (const auto active = document.find("is_active"); active != document.end() && active->is_boolean())
    trigger.is_active = active->get<bool>();
  if (const auto id = document.find("id"); id != document.end() && id->is_number_integer())
    trigger.id = id->get<std::int64_t>();
  if (const auto revision = document.find("revision");
      revision != document.end() && revision->is_number_integer())
    trigger.revision = revision->get<std::int64_t>();
  if (problems.size() == before) {
    auto found = validate_trigger(trigger);
    if (trigger.workflow_id.empty() && trigger.config.contains("endpoint"))  // its workflow is yet to be made
      std::erase_if(found, [](const Problem& problem) { return problem.pointer == "/workflow_id"; });
    problems.insert(problems.end(), found.begin(), found.end());
  }
  return trigger;
}

void keep_secret(Trigger& update, const Trigger& stored) {
  if (!update.config.is_object() || !stored.config.is_object()) return;
  const auto secret = update.config.find("secret");
  if (secret == update.config.end() || *secret != "***") return;
  if (stored.config.contains("secret"))
    *secret = stored.config["secret"];
  else
    update.config.erase(secret);
}

}  // namespace rowhook
