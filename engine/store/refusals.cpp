#include "engine/store/refusals.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "engine/base/json.h"

namespace rowhook {
namespace {

struct Rule {
  std::string_view constraint, pointer, advice;
};

constexpr std::string_view name_advice =
    "a trigger's name has 3 to 255 characters, not counting spaces at its ends";
constexpr std::string_view source_advice =
    "is not a source: write two or more lower case letters, digits and hyphens, a letter first, no hyphen "
    "last, e.g. "
    "\"main-postgres\"";
constexpr std::string_view event_type_advice =
    "is not an event type: write lower case letters, digits and underscores, a letter first, e.g. "
    "\"record_updated\"";
constexpr std::string_view longest_advice = "is longer than 255 characters";
constexpr std::string_view boolean_advice = "is either true or false";

constexpr std::array trigger_rules{
    Rule{"chk_trigger_name_not_empty", "/name", name_advice},
    Rule{"chk_trigger_name_valid", "/name", name_advice},
    Rule{"chk_trigger_name_length", "/name", longest_advice},
    Rule{"chk_workflow_id_not_empty", "/workflow_id", "is empty: write the id of the workflow to run"},
    Rule{"chk_workflow_id_length", "/workflow_id", longest_advice},
    Rule{"chk_source_not_empty", "/source", source_advice},
    Rule{"chk_source_format", "/source", source_advice},
    Rule{"chk_source_length", "/source", longest_advice},
    Rule{"chk_event_type_not_empty", "/event_type", event_type_advice},
    Rule{"chk_event_type_format", "/event_type", event_type_advice},
    Rule{"chk_event_type_length", "/event_type", longest_advice},
    Rule{"chk_target_node_id_length", "/target_node_id", longest_advice},
    Rule{"chk_config_is_object", "/config", "is not a JSON object: write {} for no conditions"},
    Rule{"chk_trigger_is_active_boolean", "/is_active", boolean_advice},
    Rule{"idx_trigger_lookup_covering", "/config",
         "is too large to be indexed (about 2,600 bytes): keep its scripts in the script store and name them "
         "in filter_script "
         "and transform_script"},
};

constexpr std::array workflow_rules{
    Rule{"chk_workflow_id_given", "/id",
         "is empty: write a name for URLs and triggers, e.g. \"order-confirmation\""},
    Rule{"chk_workflow_id_length", "/id", longest_advice},
    Rule{"chk_workflow_name_length", "/name", longest_advice},
    Rule{"chk_workflow_definition_is_object", "", "is not a JSON object"},
    Rule{"chk_workflow_is_active_boolean", "/is_active", boolean_advice},
};

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

// "'Main_DB' is not a source: ..."; values that are no text (or too long to repeat) are not quoted.
Problem problem(const Rule& rule, const std::string& value) {
  const bool quote = !value.empty() && characters(value) <= 100;
  return {std::string(rule.pointer), (quote ? "'" + value + "': " : "") + std::string(rule.advice)};
}

template <typename Rules>
const Rule* rule_of(const Rules& rules, const std::string& constraint) {
  const auto found = std::find_if(rules.begin(), rules.end(),
                                  [&](const Rule& rule) { return rule.constraint == constraint; });
  return found == rules.end() ? nullptr : &*found;
}

std::string value_at(const Trigger& trigger, std::string_view pointer) {
  if (pointer == "/name") return trigger.name;
  if (pointer == "/workflow_id") return trigger.workflow_id;
  if (pointer == "/source") return trigger.source;
  if (pointer == "/event_type") return trigger.event_type;
  if (pointer == "/target_node_id") return trigger.target_node_id.value_or("");
  return {};
}

[[noreturn]] void refuse(const std::string& what, std::vector<Problem> problems) {
  const std::string first = problems.front().pointer + ": " + problems.front().detail;
  throw InvalidInput(what + " is refused: " + first, std::move(problems));
}

// As refuse_nul, for every text within a document.
void refuse_nul_within(const std::string& what, const nlohmann::json& value, const std::string& pointer) {
  if (value.is_string()) refuse_nul(what, pointer, value.get_ref<const std::string&>());
  if (value.is_array())
    for (std::size_t i = 0; i < value.size(); ++i)
      refuse_nul_within(what, value[i], pointer_append(pointer, i));
  if (value.is_object())
    for (const auto& [name, member] : value.items()) {
      refuse_nul(what, pointer_append(pointer, name), name);
      refuse_nul_within(what, member, pointer_append(pointer, name));
    }
}

// The database does not say which column a text was too long for.
void add_too_long(std::vector<Problem>& problems, std::string_view pointer, std::string_view value) {
  if (characters(value) > 255) problems.push_back({std::string(pointer), std::string(longest_advice)});
}

}  // namespace

void refuse_trigger(const ConstraintError& error, const Trigger& trigger) {
  if (const Rule* rule = rule_of(trigger_rules, error.constraint()))
    refuse("the trigger", {problem(*rule, value_at(trigger, rule->pointer))});
  if (error.kind() == ConstraintError::Kind::foreign_key)
    refuse("the trigger", {{"/workflow_id", "there is no workflow '" + trigger.workflow_id +
                                                "': create it first, or see GET "
                                                "/api/v1/workflows for those there are"}});
  std::vector<Problem> problems;
  if (error.kind() == ConstraintError::Kind::too_long)
    for (const std::string_view pointer :
         {"/name", "/workflow_id", "/source", "/event_type", "/target_node_id"})
      add_too_long(problems, pointer, value_at(trigger, pointer));
  if (problems.empty())
    problems.push_back({error.column().empty() ? "" : "/" + error.column(), error.what()});
  refuse("the trigger", std::move(problems));
}

void refuse_nul(const std::string& what, const std::string& pointer, std::string_view text) {
  if (text.find('\0') != std::string_view::npos)
    refuse(what, {{pointer, "holds the character NUL, which cannot be stored"}});
}

void refuse_nul(const Trigger& trigger) {
  for (const char* pointer : {"/name", "/workflow_id", "/source", "/event_type", "/target_node_id"})
    refuse_nul("the trigger", pointer, value_at(trigger, pointer));
  refuse_nul("the trigger", "/description", trigger.description);
  refuse_nul_within("the trigger", trigger.config, "/config");
}

void refuse_nul(const Definition& definition) { refuse_nul_within("the workflow", to_json(definition), ""); }

void refuse_workflow(const ConstraintError& error, const Definition& definition) {
  if (error.kind() == ConstraintError::Kind::unique)
    throw Conflict("there is a workflow '" + definition.id + "' already",
                   "choose another id, or change that workflow");
  if (const Rule* rule = rule_of(workflow_rules, error.constraint()))
    refuse("the workflow", {problem(*rule, rule->pointer == "/id" ? definition.id : "")});
  std::vector<Problem> problems;
  if (error.kind() == ConstraintError::Kind::too_long) {
    add_too_long(problems, "/id", definition.id);
    add_too_long(problems, "/name", definition.name);
  }
  if (problems.empty())
    problems.push_back({error.column().empty() ? "" : "/" + error.column(), error.what()});
  refuse("the workflow", std::move(problems));
}

void refuse_script(const ConstraintError& error, const std::string& name) {
  if (error.kind() == ConstraintError::Kind::unique)
    throw Conflict("somebody else saved the script '" + name + "' at the same time",
                   "read it again and repeat the change");
  if (error.kind() == ConstraintError::Kind::too_long || error.constraint() == "chk_script_name_length")
    refuse("the script", {{"/name", std::string(longest_advice)}});
  if (error.constraint() == "chk_script_name_given")
    refuse("the script", {{"/name", "is empty: write a name, e.g. \"big-orders\""}});
  refuse("the script", {{"", error.what()}});
}

void refuse_token(const ConstraintError& error) {
  if (error.kind() == ConstraintError::Kind::unique)
    throw Conflict("there is a token with this id already", "choose another id");
  if (error.constraint() == "chk_token_role")
    refuse("the token", {{"/role", "is one of viewer, operator, author and admin"}});
  if (error.constraint() == "chk_token_hash")
    refuse("the token", {{"/hash", "is the SHA-256 of the secret as 64 lower case hexadecimal digits"}});
  refuse("the token", {{"", error.what()}});
}

void check_revision(const std::string& what, std::optional<std::int64_t> stored, std::int64_t expected) {
  if (expected < 0 && stored)
    throw Conflict("there is a " + what + " already", "choose another name, or change the one there is");
  if (expected > 0 && !stored) throw NotFound("there is no " + what);
  if (expected > 0 && *stored != expected)
    throw Conflict(what + " was changed by somebody else: it is at revision " + std::to_string(*stored) +
                       ", not " + std::to_string(expected),
                   "read it again and repeat the change on what you get");
}

}  // namespace rowhook
