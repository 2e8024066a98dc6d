#include "web/server/verdict_json.h"

#include "engine/base/errors.h"
#include "engine/event/json_writer.h"
#include "web/server/call.h"

namespace rowhook {
namespace {

// A value the router saw is JSON, or a remark such as `not sent`.
void write_seen(std::string& out, const std::string& text) {
  try {
    (void)Document::parse(text);
    out += text;
  } catch (const Error&) {
    write_json_string(out, text);
  }
}

}  // namespace

void write_verdict(JsonObject& json, const Verdict& verdict) {
  if (verdict.trigger) {
    json.number("trigger_id", verdict.trigger->trigger.id);
    json.text("trigger_name", verdict.trigger->trigger.name);
  }
  json.text("verdict", to_string(verdict.kind));
  json.text("reason", verdict.reason);
  json.text_or_null("predicate", verdict.predicate);
  std::string values = "{";
  for (const auto& [name, value] : verdict.values) {
    if (values.size() > 1) values += ',';
    write_json_string(values, name);
    values += ':';
    write_seen(values, value);
  }
  json.raw("values", values + "}");
  if (verdict.line > 0) {
    json.number("line", std::int64_t{verdict.line});
  } else {
    json.raw("line", "null");
  }
  if (!verdict.script_error.empty()) json.text("script_error", verdict.script_error);
}

}  // namespace rowhook
