#include "workflows/nodes/script_source.h"

#include "workflows/await.h"

namespace rowhook {
namespace {

std::string inline_name(ScriptKind kind) { return kind == ScriptKind::filter ? "filter" : "transform"; }
std::string stored_name(ScriptKind kind) { return inline_name(kind) + "_script"; }

std::string text_member(const nlohmann::json& config, const std::string& name) {
  const auto found = config.find(name);
  return found != config.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

void add_script_fields(Spec& spec, ScriptKind kind) {
  if (kind == ScriptKind::filter) {
    spec.add(
        Field::text("filter", "Lua that returns true to let the item pass").length(1, 1 << 16).format("lua"));
    spec.add(Field::text("filter_script", "Name of a stored script to use as `filter`")
                 .length(1, 255)
                 .format("script"));
  } else {
    spec.add(Field::text("transform", "Lua that returns the new item, or nil to drop it")
                 .length(1, 1 << 16)
                 .format("lua"));
    spec.add(Field::text("transform_script", "Name of a stored script to use as `transform`")
                 .length(1, 255)
                 .format("script"));
  }
}

bool has_script(const nlohmann::json& config, ScriptKind kind) {
  return config.contains(inline_name(kind)) || config.contains(stored_name(kind));
}

void check_script(const nlohmann::json& config, ScriptKind kind, NodeServices& services,
                  std::vector<Problem>& problems) {
  if (!has_script(config, kind)) return;
  const bool is_stored = config.contains(stored_name(kind));
  const std::string pointer = "/" + (is_stored ? stored_name(kind) : inline_name(kind));
  if (is_stored && config.contains(inline_name(kind))) {
    problems.push_back(
        {pointer, "give either " + inline_name(kind) + " or " + stored_name(kind) + ", not both"});
    return;
  }
  if (is_stored && !services.script_text) return;
  try {
    const ScriptPtr script = script_of(config, kind, services);
    if (!services.scripts) return;
    if (const auto error = services.scripts->check(*script, services.tables))
      problems.push_back({pointer, with_place(*error)});
  } catch (const InvalidInput& error) {
    problems.push_back({pointer, error.what()});
  }
}

ScriptPtr script_of(const nlohmann::json& config, ScriptKind kind, NodeServices& services) {
  if (const std::string text = text_member(config, inline_name(kind)); !text.empty())
    return with_pinned_modules(make_script(kind, inline_name(kind), text), services.script_text);
  const std::string name = text_member(config, stored_name(kind));
  if (name.empty()) return nullptr;
  const auto text = services.script_text ? services.script_text(name) : std::nullopt;
  if (!text)
    throw InvalidInput("there is no script '" + name + "'",
                       {{"/" + stored_name(kind), "there is no such script"}},
                       "save the script first: PUT /api/v1/scripts/" + name);
  return with_pinned_modules(make_script(kind, name, *text), services.script_text);
}

std::string node_state_scope(const std::string& workflow_id, const std::string& node_id) {
  return "workflow " + workflow_id + " node " + node_id;
}

boost::asio::awaitable<ScriptResult> run_script(NodeServices& services, ScriptPtr script, ItemPtr item,
                                                RunContext& context) {
  ScriptCall call{.script = std::move(script), .event = context.event, .item = std::move(item)};
  // Scripts written into a node are all named alike: their state belongs to the node.
  if (call.script->name == inline_name(call.script->kind))
    call.scope = node_state_scope(context.workflow_id, context.node_id);
  if (!context.earlier_changes.empty())
    call.pending = std::make_shared<const StateChanges>(context.earlier_changes);
  ScriptResult result = co_await awaited<ScriptResult>(
      [&](auto done) { services.scripts->start(std::move(call), std::move(done)); });
  for (const auto& line : result.logs) {
    log_line(services, line.level, line.message, context.execution_id);
    context.notes.push_back(line.level + ": " + line.message);
  }
  if (result.error) {
    const auto type = result.error->type;
    const std::string text = full_text(*result.error, context.event ? context.event->id : std::string());
    if (type == ScriptError::Type::retry) throw RetryAfter(text, result.error->retry_after);
    if (type == ScriptError::Type::rejected) throw PermanentError(text);
    const std::string message = "script error (" + std::string(to_string(type)) + "): " + text;
    if (type == ScriptError::Type::syntax || type == ScriptError::Type::refused)
      throw PermanentError(message);
    if (type == ScriptError::Type::killed || type == ScriptError::Type::time_limit)
      throw ScriptStopped(message);
    throw TransientError(message);
  }
  context.changes.insert(context.changes.end(), result.changes.begin(), result.changes.end());
  co_return result;
}

}  // namespace rowhook
