#include "workflows/template_values.h"

#include <span>

#include "engine/event/json_writer.h"

namespace rowhook {
namespace {

using Path = std::span<const std::string>;
using Kind = PathResult::Kind;

void show(PathResult& result, Value value) {
  result.kind = Kind::column;
  result.column = value;
}

void show_text(PathResult& result, std::string_view text) {
  show(result, text.empty() ? Value{ValueKind::null, {}} : Value{ValueKind::text, text});
}

void show_owned(PathResult& result, ValueKind kind, std::string text) {
  result.text = std::move(text);
  show(result, {kind, result.text});
}

void show_document(const Document* at, Path rest, PathResult& result) {
  for (const auto& name : rest) {
    if (!at) break;
    at = at->find(name);
  }
  result.kind = at ? Kind::document : Kind::missing;
  result.document = at;
}

void show_json(std::string_view json, Path rest, PathResult& result) {
  result.owned = Document::parse(json);
  show_document(&result.owned, rest, result);
}

void follow_row(const Event& event, std::string_view row, Path rest, PathResult& result) {
  if (row.empty()) {
    if (rest.empty()) show(result, {ValueKind::null, {}});
    return;
  }
  if (rest.empty()) {
    std::string json;
    write_json_row(json, *event.shape, row);
    return show_json(json, rest, result);
  }
  const auto index = event.shape->index_of(rest.front());
  if (!index) return;
  const Value value = value_at(row, *index);
  if (!value.sent()) {
    result.kind = Kind::not_sent;
  } else if (rest.size() == 1) {
    show(result, value);
  } else if (value.kind == ValueKind::json) {
    show_json(value.text, rest.subspan(1), result);
  }
}

// The members that need no JSON; false: the event has to be turned into a document.
bool follow_plain_member(const Event& event, const std::string& name, PathResult& result) {
  if (name == "event_id" || name == "trigger_id") {
    show_text(result, event.id);
  } else if (name == "event_type") {
    show_text(result, event.type);
  } else if (name == "source") {
    show_text(result, event.shape->source);
  } else if (name == "database") {
    show_text(result, event.shape->database);
  } else if (name == "schema") {
    show_text(result, event.shape->schema);
  } else if (name == "table") {
    show_text(result, event.shape->table);
  } else if (name == "seq") {
    show_owned(result, ValueKind::number, std::to_string(event.seq));
  } else if (name == "timestamp") {
    show_owned(result, ValueKind::text, format_rfc3339(event.timestamp));
  } else {
    return false;
  }
  return true;
}

void follow_event(const Event& event, Path rest, PathResult& result) {
  if (!rest.empty()) {
    if (rest.front() == "new_values") return follow_row(event, event.new_row, rest.subspan(1), result);
    if (rest.front() == "old_values") return follow_row(event, event.old_row, rest.subspan(1), result);
    if (rest.size() == 1 && follow_plain_member(event, rest.front(), result)) return;
  }
  show_json(event_json(event), rest, result);
}

void follow_execution(const RunContext& context, Path rest, PathResult& result) {
  if (rest.size() != 1) return;
  if (rest.front() == "id") {
    show_text(result, context.execution_id);
  } else if (rest.front() == "workflow_id") {
    show_text(result, context.workflow_id);
  } else if (rest.front() == "node_id") {
    show_text(result, context.node_id);
  } else if (rest.front() == "trigger_id") {
    show_owned(result, ValueKind::number, std::to_string(context.trigger_id));
  } else if (rest.front() == "attempt") {
    show_owned(result, ValueKind::number, std::to_string(context.attempt));
  }
}

}  // namespace

void follow_path(const std::vector<std::string>& path, const TemplateScope& scope, PathResult& result) {
  const std::string& root = path.front();
  const Path rest = Path(path).subspan(1);
  const Event& event = *scope.context.event;
  if (root == "new") return follow_row(event, event.new_row, rest, result);
  if (root == "old") return follow_row(event, event.old_row, rest, result);
  if (root == "event") return follow_event(event, rest, result);
  if (root == "execution") return follow_execution(scope.context, rest, result);
  if (scope.item.event()) return follow_event(*scope.item.event(), rest, result);
  show_document(&scope.item.document(), rest, result);
}

}  // namespace rowhook
