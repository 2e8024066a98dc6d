// POST /triggers/backtest
#include <map>
#include <nlohmann/json.hpp>

#include "engine/event/json_writer.h"
#include "engine/execution/backtest.h"
#include "engine/store/store.h"
#include "web/server/given_event.h"
#include "web/server/handlers.h"
#include "web/server/journal_range.h"
#include "web/server/trigger_checks.h"

namespace rowhook {
namespace {

constexpr std::chrono::milliseconds longest{20'000};

InvalidInput wrong(const std::string& pointer, const std::string& detail) {
  return InvalidInput("the request is not valid: " + pointer + ": " + detail, {{pointer, detail}});
}

using Texts = std::map<std::string, std::string>;

Texts scripts_of(const Json& body) {
  Texts scripts;
  if (!body.contains("scripts") || body["scripts"].is_null()) return scripts;
  if (!body["scripts"].is_object())
    throw wrong("/scripts", "expected an object: the text of each script by its name");
  for (const auto& [name, text] : body["scripts"].items()) {
    if (!text.is_string()) throw wrong("/scripts/" + name, "expected the text of the script");
    scripts[name] = text;
  }
  return scripts;
}

// The trigger to try, and the stored one it is compared with.
struct Pair {
  Trigger candidate;
  std::optional<Trigger> active;
};

std::optional<Trigger> stored_under_name(const Call& call, const std::string& name) {
  TriggerFilter filter;
  filter.name = name;
  for (auto& trigger : call.api.store().triggers(filter, {.skip = 0, .limit = 1000, .after = {}}))
    if (trigger.name == name) return std::move(trigger);
  return std::nullopt;
}

Pair triggers_of(const Call& call, const Json& body) {
  Pair pair;
  const bool by_id = body.contains("trigger_id") && !body["trigger_id"].is_null();
  if (by_id) {
    if (!body["trigger_id"].is_number_integer()) throw wrong("/trigger_id", "expected the id of a trigger");
    const auto id = body["trigger_id"].get<std::int64_t>();
    pair.active = call.api.store().trigger(id);
    if (!pair.active) throw NotFound("there is no trigger '" + std::to_string(id) + "'");
  }
  if (!body.contains("trigger") || body["trigger"].is_null()) {
    if (!by_id)
      throw wrong(
          "/trigger",
          "is missing: a trigger as POST /triggers takes it, or the id of a stored one as trigger_id");
    pair.candidate = *pair.active;
    return pair;
  }
  std::vector<Problem> problems;
  pair.candidate = trigger_from_json(body["trigger"], problems);
  // Nothing is run: a trigger that has no workflow yet can be tried, too.
  if (pair.candidate.workflow_id.empty())
    std::erase_if(problems, [](const Problem& problem) { return problem.pointer == "/workflow_id"; });
  for (auto& problem : problems) problem.pointer.insert(0, "/trigger");
  refuse_problems("the trigger", std::move(problems));
  if (!pair.active) pair.active = stored_under_name(call, pair.candidate.name);
  if (pair.active) pair.candidate.id = pair.active->id;
  return pair;
}

// Inline scripts of both are called alike, so that the same failure reads the same.
BacktestSettings settings_of(const Call& call, const Json& body) {
  Pair pair = triggers_of(call, body);
  const Texts given = scripts_of(body);
  const auto stored = [&call](const std::string& name) -> std::optional<std::string> {
    if (auto script = call.api.store().script(name)) return std::move(script->text);
    return std::nullopt;
  };
  BacktestSettings settings;
  settings.candidate = compile_trigger(std::move(pair.candidate), [&](const std::string& name) {
    const auto found = given.find(name);
    return found == given.end() ? stored(name) : std::optional(found->second);
  });
  if (pair.active) settings.active = compile_trigger(std::move(*pair.active), stored);
  settings.from_seq = seq_member(call.api, body, "from").value_or(1);
  settings.to_seq = seq_member(call.api, body, "to").value_or(UINT64_MAX);
  settings.samples = 20;
  if (body.contains("samples")) {
    if (!body["samples"].is_number_unsigned() || body["samples"].get<std::uint64_t>() > 200)
      throw wrong("/samples", "expected a number from 0 to 200");
    settings.samples = body["samples"].get<std::size_t>();
  }
  if (body.contains("time_limit")) {
    if (!body["time_limit"].is_string()) throw wrong("/time_limit", "expected a duration such as 5s");
    settings.time = parse_duration(body["time_limit"].get_ref<const std::string&>());
    if (settings.time > longest) throw wrong("/time_limit", "is at most 20s: go on with next_seq");
  }
  return settings;
}

void write_outcome(JsonObject& json, std::string_view name, const BacktestOutcome& outcome) {
  std::string text;
  JsonObject inner(text);
  inner.text("verdict", to_string(outcome.kind));
  // An item that is the event itself says nothing new.
  if (outcome.item && !outcome.item->event()) inner.raw("item", outcome.item->json());
  if (!outcome.error.empty()) inner.text("error", outcome.error);
  inner.close();
  json.raw(name, text);
}

std::string samples_json(const std::vector<BacktestSample>& samples, bool compared) {
  std::string out = "[";
  for (const auto& sample : samples) {
    if (out.size() > 1) out += ',';
    JsonObject json(out);
    json.number("seq", sample.event->seq);
    json.text("event_id", sample.event->id);
    json.text_or_null("table", sample.event->shape->table);
    json.raw("record_id", sample.event->key);
    write_outcome(json, "candidate", sample.candidate);
    if (compared) write_outcome(json, "active", sample.active);
    json.close();
  }
  return out + "]";
}

void write_counts(JsonObject& json, std::string_view name, const BacktestCounts& counts) {
  std::string text;
  JsonObject inner(text);
  inner.number("fires", counts.fires);
  inner.number("fails", counts.fails);
  inner.close();
  json.raw(name, text);
}

std::string failures_json(const std::vector<BacktestFailure>& failures) {
  auto list = Json::array();
  for (const auto& failure : failures)
    list.push_back({{"message", failure.message},
                    {"script", failure.script},
                    {"line", failure.line > 0 ? Json(failure.line) : Json()},
                    {"count", failure.count},
                    {"first_seq", failure.first_seq},
                    {"first_event_id", failure.first_event_id}});
  return list.dump();
}

}  // namespace

ApiResponse backtest_trigger(Call& call) {
  const Json body = json_body(call.request);
  check_members(Document::parse(body.dump()),
                {"trigger", "trigger_id", "scripts", "from", "to", "samples", "time_limit"});
  const BacktestSettings settings = settings_of(call, body);
  const auto& draining = call.api.draining;
  const BacktestResult result = backtest(settings, call.api.journal(), *call.api.services.scripts,
                                         [&] { return !draining || !draining(); });
  const bool compared = settings.active != nullptr;
  std::string out;
  JsonObject json(out);
  json.number("from_seq", result.first_seq);
  json.number("to_seq", result.last_seq);
  json.raw("next_seq", result.next_seq == 0 ? std::string() : std::to_string(result.next_seq));
  json.number("journal_seq", std::min(call.api.journal().last_seq(), settings.to_seq));
  json.number("events", result.events);
  json.number("of_trigger", result.of_trigger);
  write_counts(json, "candidate", result.candidate);
  if (compared) {
    write_counts(json, "active", result.active);
    json.number("active_trigger_id", settings.active->trigger.id);
    json.number("active_revision", settings.active->trigger.revision);
    json.number("differ", result.differ);
  } else {
    for (const char* name : {"active", "active_trigger_id", "active_revision", "differ"}) json.raw(name, "");
  }
  json.boolean("state_known",
               !settings.candidate->keeps_state() && !(compared && settings.active->keeps_state()));
  json.raw("failures", failures_json(result.failures));
  json.raw("fired", samples_json(result.fired, compared));
  json.raw("differing", samples_json(result.differing, compared));
  json.close();
  return ApiResponse::json(std::move(out));
}

}  // namespace rowhook
