#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/event/json_writer.h"
#include "engine/journal/journal.h"
#include "engine/store/store.h"
#include "scripting/script_engine.h"
#include "web/server/column_checks.h"
#include "web/server/given_event.h"
#include "web/server/handlers.h"
#include "web/server/scripts_json.h"

namespace rowhook {
namespace {

constexpr std::size_t max_script_bytes = 1U << 20;

StoredScript stored_script(const Call& call) {
  const std::string name = call.parameter();
  auto script = call.api.store().script(name);
  if (!script) throw NotFound("there is no script '" + name + "'");
  return *std::move(script);
}

InvalidInput wrong(const std::string& pointer, const std::string& detail) {
  return InvalidInput("the request is not valid: " + pointer + ": " + detail, {{pointer, detail}});
}

// The script's text: `source`, or `text` for those who call it that.
std::string source_of(const Document& body) {
  const Document* source = body.find("source") ? body.find("source") : body.find("text");
  if (!source || !source->string()) throw wrong("/source", "expected the text of the script");
  if (source->string()->size() > max_script_bytes) throw wrong("/source", "a script has at most 1 MiB");
  return *source->string();
}

std::optional<ScriptKind> kind_of(const Document& body) {
  const std::string kind = text_member(body, "kind");
  if (kind.empty()) return std::nullopt;
  if (kind == "filter") return ScriptKind::filter;
  if (kind == "transform") return ScriptKind::transform;
  throw wrong("/kind", "'" + kind + "' is not one of filter, transform");
}

void write_error(JsonObject& json, const ScriptError& error) {
  std::string text;
  JsonObject inner(text);
  inner.text("type", to_string(error.type));
  inner.text("message", error.message);
  inner.text("script", error.script);
  if (error.line > 0) {
    inner.number("line", std::int64_t{error.line});
  } else {
    inner.raw("line", "null");
  }
  if (error.column > 0) {
    inner.number("column", std::int64_t{error.column});
  } else {
    inner.raw("column", "null");
  }
  if (!error.traceback.empty()) inner.text("traceback", error.traceback);
  if (!error.fields.empty()) {
    std::string fields;
    JsonObject members(fields);
    for (const auto& [name, value] : error.fields) members.raw(name, value);
    members.close();
    inner.raw("fields", fields);
  }
  if (error.type == ScriptError::Type::retry)
    inner.number("retry_after_ms", static_cast<std::int64_t>(error.retry_after.count()));
  inner.close();
  json.raw("error", text);
}

std::string logs_json(const std::vector<ScriptLogLine>& lines) {
  std::string out = "[";
  for (const auto& line : lines) {
    if (out.size() > 1) out += ',';
    JsonObject json(out);
    json.text("level", line.level);
    json.text("message", line.message);
    json.close();
  }
  return out + "]";
}

void check_name(const std::string& name) {
  const bool plain = !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '/';
  });
  if (!plain)
    throw InvalidInput("'" + name.substr(0, 255) + "' cannot be the name of a script",
                       {{"", "use letters, digits, '_', '-', '.' and '/', at most 255 characters"}});
}

std::optional<ScriptCost> cost_of(const std::vector<ScriptCost>& costs, const std::string& name) {
  for (const auto& cost : costs)
    if (cost.script == name) return cost;
  return std::nullopt;
}

double milliseconds(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e6; }

}  // namespace

ApiResponse script_response(const StoredScript& script, const ScriptCost* cost, int status) {
  Json json{{"name", script.name},
            {"source", script.text},
            {"revision", script.revision},
            {"updated_by", script.updated_by},
            {"created_at", format_rfc3339(script.created_at)},
            {"updated_at", format_rfc3339(script.updated_at)}};
  const ScriptCost none;
  const ScriptCost& used = cost ? *cost : none;
  json["cost"] = {{"calls", used.calls},
                  {"errors", used.errors},
                  {"p50_ms", milliseconds(used.p50)},
                  {"p99_ms", milliseconds(used.p99)},
                  {"total_ms", milliseconds(used.total)},
                  {"memory_bytes", used.memory_bytes}};
  return ApiResponse::json(json, status).with("ETag", entity_tag(script.revision));
}

ApiResponse list_scripts(Call& call) {
  const Page page = call.query.page();
  auto found = call.api.store().scripts({page.skip, page.limit + 1, page.cursor});
  std::optional<std::string> next;
  if (found.size() > page.limit) {
    found.resize(page.limit);
    next = cursor_of(found.back());
  }
  const auto costs = call.api.services.scripts->costs();
  ListBody list;
  for (const auto& script : found) {
    const auto cost = cost_of(costs, script.name);
    list.item() += script_response(script, cost ? &*cost : nullptr).body;
  }
  return std::move(list).finish(next, call.api.store().count_scripts());
}

ApiResponse show_script(Call& call) {
  const StoredScript script = stored_script(call);
  const auto cost = cost_of(call.api.services.scripts->costs(), script.name);
  return script_response(script, cost ? &*cost : nullptr);
}

ApiResponse save_script(Call& call) {
  const std::string name = call.parameter();
  check_name(name);
  const auto stored = call.api.store().script(name);
  if (stored) check_if_match(call.request, stored->revision, true);
  if (!stored && call.request.headers.has("if-match"))
    throw HttpError(412, "precondition-failed", "there is no script '" + name + "'");
  const Document body = exact_body(call.request);
  // What GET answered may be sent back whole.
  check_members(
      body, {"source", "text", "kind", "name", "revision", "updated_by", "created_at", "updated_at", "cost"});
  const std::string source = source_of(body);
  const auto tables = tables_of(call.api, triggers_of_script(call.api, name));
  if (const auto error = call.api.services.scripts->inspect(name, source, kind_of(body), tables).error)
    throw InvalidInput("the script would fail: " + error->message, {{"/source", with_place(*error)}});
  StoredScript saved;
  try {
    saved = call.api.store().save_script(name, source, stored ? stored->revision : -1,
                                         call.request.principal.name, call.api.journal().last_seq());
  } catch (const Conflict& conflict) {
    throw HttpError(412, "precondition-failed", conflict.what(), "GET it again and apply the change to that");
  }
  call.api.changed();
  return script_response(saved, nullptr, stored ? 200 : 201);
}

ApiResponse delete_script(Call& call) {
  const StoredScript stored = stored_script(call);
  check_if_match(call.request, stored.revision, false);
  call.api.store().delete_script(stored.name, call.api.journal().last_seq());
  call.api.changed();
  return ApiResponse::empty();
}

namespace {

std::string problems_json(const std::vector<ScriptProblem>& problems) {
  std::string out = "[";
  for (const auto& problem : problems) {
    if (out.size() > 1) out += ',';
    JsonObject json(out);
    json.text("severity", problem.error ? "error" : "warning");
    json.number("line", std::int64_t{problem.line});
    json.number("column", std::int64_t{problem.column});
    json.text("message", problem.message);
    json.close();
  }
  return out + "]";
}

std::vector<ScriptTable> tables_for(const Call& call, const std::string& source,
                                    const std::vector<std::string>& tables) {
  if (source.empty() || !call.api.services.script_tables) return {};
  return call.api.services.script_tables(source, tables);
}

}  // namespace

ApiResponse check_script(Call& call) {
  const Document body = exact_body(call.request);
  check_members(body, {"source", "text", "kind", "name", "event_source", "table"});
  std::string name = text_member(body, "name");
  if (name.empty()) name = "script";
  std::vector<std::string> tables;
  if (std::string table = text_member(body, "table"); !table.empty()) tables.push_back(std::move(table));
  if (!tables.empty() && text_member(body, "event_source").empty())
    throw wrong("/event_source", "say which source the table is of");
  const auto known = tables_for(call, text_member(body, "event_source"), tables);
  const auto found = call.api.services.scripts->inspect(name, source_of(body), kind_of(body), known);
  std::string out;
  JsonObject json(out);
  json.boolean("ok", !found.error);
  if (found.error) write_error(json, *found.error);
  json.raw("problems", problems_json(found.problems));
  json.boolean("columns_known", !known.empty());
  json.close();
  return ApiResponse::json(std::move(out));
}

ApiResponse run_script(Call& call) {
  const Document body = exact_body(call.request);
  check_members(body, {"source", "text", "kind", "name", "event", "event_id", "item"});
  std::string name = text_member(body, "name");
  if (name.empty()) name = "script";
  const ScriptKind kind = kind_of(body).value_or(ScriptKind::transform);
  ScriptCall run{make_script(kind, name, source_of(body)), event_of_body(body, call.api), nullptr};
  if (const Document* item = body.find("item"); item && !item->is_null())
    run.item = std::make_shared<const Item>(*item);
  const ScriptResult result = call.api.services.scripts->run(std::span(&run, 1)).front();

  std::string out;
  JsonObject json(out);
  json.boolean("ok", !result.error);
  if (result.error) {
    write_error(json, *result.error);
  } else if (kind == ScriptKind::filter) {
    json.boolean("result", result.pass);
  } else {
    json.raw("result", result.pass ? std::string_view(result.result) : std::string_view("null"));
  }
  json.raw("logs", logs_json(result.logs));
  json.number("time_ms",
              std::round(std::chrono::duration<double, std::milli>(result.time).count() * 1000) / 1000);
  json.number("memory_bytes", result.memory_bytes);
  json.close();
  return ApiResponse::json(std::move(out));
}

}  // namespace rowhook
