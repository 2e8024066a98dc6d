// Why a trigger fires for an event, or why not: the same tests as matching, one after another, with what each
// one saw.
#include <algorithm>

#include "engine/event/json_writer.h"
#include "engine/router/predicates.h"
#include "engine/router/router.h"

namespace rowhook {

namespace {

std::string text_literal(std::string_view text) {
  std::string out;
  write_json_string(out, text);
  return out;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::string value_text(const Value& value) {
  if (!value.sent()) return value.kind == ValueKind::unchanged ? "unchanged" : "not sent";
  std::string out;
  write_json_value(out, value);
  return out;
}

Verdict filtered(Verdict verdict, std::string reason, std::string predicate) {
  verdict.kind = VerdictKind::filtered;
  verdict.reason = std::move(reason);
  verdict.predicate = std::move(predicate);
  return verdict;
}

Verdict failed(Verdict verdict, const ScriptError& error) {
  verdict.kind = VerdictKind::error;
  verdict.reason = error.message;
  verdict.predicate = error.script;
  verdict.line = error.line;
  verdict.script_error = to_string(error.type);
  verdict.values = error.fields;
  return verdict;
}

// Before and after of every column in `changed`, and the verdict when none of them changed.
std::optional<Verdict> changed_verdict(Verdict& verdict, const CompiledTrigger& trigger, const Event& event) {
  if (trigger.changed.empty() || event.type != event_type::updated) return {};
  std::string missing;
  for (const auto& name : trigger.changed) {
    const auto index = event.shape->index_of(name);
    if (!index) {
      missing += (missing.empty() ? "" : ", ") + name;
      continue;
    }
    verdict.values.emplace_back("old." + name, value_text(value_at(event.old_row, *index)));
    verdict.values.emplace_back("new." + name, value_text(value_at(event.new_row, *index)));
  }
  const std::string predicate = "changed: " + joined(trigger.changed);
  switch (columns_changed(trigger.changed, event)) {
    case Changed::no:
      return filtered(std::move(verdict),
                      missing.empty() ? "none of the columns changed"
                                      : "none of the columns changed; the table has no column " + missing,
                      predicate);
    case Changed::unknown:
      verdict.reason = "the database did not send the old values, so the columns count as changed";
      verdict.predicate = predicate;
      return {};
    case Changed::yes:
      verdict.values.clear();
      return {};
  }
  return {};
}

std::optional<Verdict> condition_verdict(Verdict& verdict, const CompiledTrigger& trigger,
                                         const Event& event) {
  if (!trigger.where) return {};
  auto seen = trigger.where->explain(EventScope(event));
  if (seen.truth == Condition::Truth::yes) return {};
  verdict.values = std::move(seen.values);
  std::string reason =
      seen.truth == Condition::Truth::no ? "the condition does not hold" : "the condition is unknown";
  if (!seen.missing.empty())
    reason += ": column '" + seen.missing + "' does not exist or was not sent";
  else if (seen.truth == Condition::Truth::unknown)
    reason += ": it compares with NULL";
  return filtered(std::move(verdict), reason,
                  seen.predicate.empty() ? trigger.where->text() : seen.predicate);
}

std::optional<Verdict> script_verdict(Verdict& verdict, const ScriptPtr& script, const EventPtr& event,
                                      ScriptEngine& engine) {
  if (!script) return {};
  ScriptCall call{.script = script, .event = event};
  call.tell_fields = true;
  auto result = engine.run(std::span(&call, 1)).front();
  verdict.asked_state = verdict.asked_state || script->uses_state;
  if (result.error) return failed(std::move(verdict), *result.error);
  if (result.pass) return {};
  verdict.values = std::move(result.fields);
  const bool filter = script->kind == ScriptKind::filter;
  return filtered(std::move(verdict), filter ? "the filter returned false" : "the transform returned nil",
                  script->text.size() <= 200 ? script->text : script->name);
}

}  // namespace

Verdict Router::explain(const CompiledTriggerPtr& trigger, const EventPtr& event, ScriptEngine& engine) {
  Verdict verdict;
  verdict.trigger = trigger;
  const Trigger& row = trigger->trigger;
  if (row.source != event->shape->source || row.event_type != event->type)
    return filtered(std::move(verdict),
                    "the trigger is for " + row.source + " " + row.event_type + ", the event is " +
                        event->shape->source + " " + event->type,
                    "source, event_type");
  if (!row.is_active) {
    verdict.kind = VerdictKind::inactive;
    verdict.reason = "the trigger was not active when the event came";
    return verdict;
  }
  if (trigger->broken) return failed(std::move(verdict), *trigger->broken);
  if (!tables_match(trigger->tables, *event->shape)) {
    verdict.values.emplace_back("schema",
                                event->shape->schema.empty() ? "null" : text_literal(event->shape->schema));
    verdict.values.emplace_back("table",
                                event->shape->table.empty() ? "null" : text_literal(event->shape->table));
    return filtered(std::move(verdict), "the table is not among the trigger's",
                    "tables: " + joined(trigger->tables));
  }
  if (auto decided = changed_verdict(verdict, *trigger, *event)) return *decided;
  if (auto decided = condition_verdict(verdict, *trigger, *event)) return *decided;
  if (auto decided = script_verdict(verdict, trigger->filter, event, engine)) return *decided;
  if (auto decided = script_verdict(verdict, trigger->transform, event, engine)) return *decided;
  if (hops_of(*event) >= max_hops) {
    verdict.kind = VerdictKind::loop;
    verdict.reason =
        "the change came out of " + std::to_string(max_hops) + " executions that caused one another";
    verdict.predicate = "metadata.hops";
    verdict.values.emplace_back("metadata.hops", std::to_string(hops_of(*event)));
    return verdict;
  }
  if (verdict.reason.empty()) verdict.reason = "every condition holds";
  return verdict;
}

}  // namespace rowhook
