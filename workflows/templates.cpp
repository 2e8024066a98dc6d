#include "workflows/templates.h"

#include <nlohmann/json.hpp>

#include "engine/base/json.h"
#include "engine/event/json_writer.h"
#include "workflows/template_parser.h"
#include "workflows/template_values.h"

namespace rowhook {
namespace {

using Expression = Template::Expression;
using Form = Expression::Form;
using Kind = PathResult::Kind;

// Ends of `{{ ... }}`: braces inside quotes do not count.
std::size_t end_of_expression(std::string_view text, std::size_t from) {
  char quote = '\0';
  for (std::size_t i = from; i < text.size(); ++i) {
    if (quote != '\0') {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == quote) {
        quote = '\0';
      }
    } else if (text[i] == '\'' || text[i] == '"') {
      quote = text[i];
    } else if (text[i] == '}' && i + 1 < text.size() && text[i + 1] == '}') {
      return i;
    }
  }
  template_error(from - 1, "'{{' without '}}'");
}

// Follows the path and puts the default in place of what is missing or null.
void resolve(const Expression& expression, const TemplateScope& scope, PathResult& result) {
  if (!expression.path.empty()) follow_path(expression.path, scope, result);
  const bool nothing = result.kind == Kind::missing || result.kind == Kind::not_sent || result.is_null();
  if (!nothing) return;
  if (expression.fallback) {
    result.kind = Kind::document;
    result.document = &*expression.fallback;
    return;
  }
  if (result.kind == Kind::missing)
    throw PermanentError(
        "{{ " + expression.source + " }}: there is no such value",
        "correct the path, or give a default: {{ " + expression.source + " | default('') }}");
  if (result.kind == Kind::not_sent)
    throw PermanentError("{{ " + expression.source + " }}: the database did not send this column",
                         "give a default, or set REPLICA IDENTITY FULL on the table");
}

Document document_of(const PathResult& result) {
  if (result.kind == Kind::document) return *result.document;
  const Value& value = result.column;
  switch (value.kind) {
    case ValueKind::no:
      return Document(false);
    case ValueKind::yes:
      return Document(true);
    case ValueKind::number:
      return Document(Document::Number{std::string(value.text)});
    case ValueKind::text:
      return Document(std::string(value.text));
    case ValueKind::bytes:
      return Document(base64_encode(value.text));
    case ValueKind::json:
      return Document::parse(value.text);
    default:
      return Document();
  }
}

void append_json(std::string& out, const PathResult& result) {
  if (result.kind == Kind::document) {
    result.document->write(out);
  } else {
    write_json_value(out, result.column);
  }
}

// Text stands without quotes, everything else as JSON.
void append_plain(std::string& out, const PathResult& result) {
  if (result.kind == Kind::document && result.document->string()) {
    out += *result.document->string();
  } else if (result.kind == Kind::column && result.column.kind == ValueKind::text) {
    out += result.column.text;
  } else if (result.kind == Kind::column && result.column.kind == ValueKind::bytes) {
    out += base64_encode(result.column.text);
  } else {
    append_json(out, result);
  }
}

void refuse_null(const Expression& expression, const PathResult& result, const char* place) {
  if (result.is_null())
    throw PermanentError("{{ " + expression.source + " }} is null in " + place,
                         "give a default: {{ " + expression.source + " | default('') }}");
}

void refuse_controls(const Expression& expression, std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      throw PermanentError("{{ " + expression.source +
                           " }} holds a control character, which a header cannot");
}

void append_expression(std::string& out, const Expression& expression, const TemplateScope& scope,
                       Template::Target target, bool first) {
  PathResult result;
  resolve(expression, scope, result);
  if (target == Template::Target::url) refuse_null(expression, result, "a URL");
  if (target == Template::Target::header) refuse_null(expression, result, "a header");
  std::string text;
  if (expression.form == Form::json) {
    append_json(text, result);
  } else {
    append_plain(text, result);
  }
  const bool encode = expression.form == Form::urlencode ||
                      (target == Template::Target::url && !first && expression.form != Form::raw);
  if (target == Template::Target::header) refuse_controls(expression, text);
  // Neither form of dots can be encoded so that every server takes them for a name.
  if (encode && target == Template::Target::url && (text == "." || text == ".."))
    throw PermanentError("{{ " + expression.source + " }} is '" + text +
                         "', which would change the path of the URL");
  out += encode ? percent_encoded(text) : text;
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                            c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

Template Template::parse(std::string_view text) {
  Template result;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t open = text.find("{{", at);
    if (open == std::string_view::npos) break;
    const std::size_t start = open + 2, end = end_of_expression(text, start);
    if (open > at) result.parts_.push_back({std::string(text.substr(at, open - at)), {}});
    result.parts_.push_back({{}, parse_expression(text.substr(start, end - start), start + 1)});
    at = end + 2;
  }
  if (at < text.size()) result.parts_.push_back({std::string(text.substr(at)), {}});
  return result;
}

bool Template::is_constant() const {
  return std::none_of(parts_.begin(), parts_.end(),
                      [](const Part& part) { return part.expression.has_value(); });
}

Document Template::value(const TemplateScope& scope) const {
  if (parts_.size() != 1 || !parts_.front().expression) return Document(text(scope));
  const Expression& expression = *parts_.front().expression;
  if (expression.form == Form::json || expression.form == Form::urlencode) return Document(text(scope));
  PathResult result;
  resolve(expression, scope, result);
  return document_of(result);
}

std::string Template::text(const TemplateScope& scope, Target target) const {
  std::string out;
  for (const auto& part : parts_) {
    if (part.expression) {
      append_expression(out, *part.expression, scope, target, &part == &parts_.front());
    } else {
      out += part.literal;
    }
  }
  return out;
}

ValueTemplate ValueTemplate::parse(const nlohmann::json& value) {
  const auto inside = [](const nlohmann::json& member, const std::string& pointer) {
    try {
      return parse(member);
    } catch (const InvalidInput& error) {
      const Problem& problem = error.problems().front();
      throw InvalidInput(error.what(), {{pointer + problem.pointer, problem.detail}});
    }
  };
  ValueTemplate result;
  if (value.is_string()) {
    Template text = Template::parse(value.get_ref<const std::string&>());
    if (text.is_constant()) {
      result.form_ = Document(value.get<std::string>());
    } else {
      result.form_ = std::move(text);
    }
  } else if (value.is_array()) {
    List list;
    for (std::size_t i = 0; i < value.size(); ++i) list.push_back(inside(value[i], pointer_append("", i)));
    result.form_ = std::move(list);
  } else if (value.is_object()) {
    Members members;
    for (const auto& [name, member] : value.items())
      members.emplace_back(name, inside(member, pointer_append("", name)));
    result.form_ = std::move(members);
  } else {
    result.form_ = Document::parse(value.dump());
  }
  return result;
}

Document ValueTemplate::value(const TemplateScope& scope) const {
  if (const auto* constant = std::get_if<Document>(&form_)) return *constant;
  if (const auto* text = std::get_if<Template>(&form_)) return text->value(scope);
  if (const auto* list = std::get_if<List>(&form_)) {
    Document::Array out;
    for (const auto& element : *list) out.push_back(element.value(scope));
    return Document(std::move(out));
  }
  Document::Object out;
  for (const auto& [name, member] : std::get<Members>(form_)) out.emplace_back(name, member.value(scope));
  return Document(std::move(out));
}

void check_templates(const nlohmann::json& value, const std::string& pointer,
                     std::vector<Problem>& problems) {
  if (value.is_string()) {
    try {
      Template::parse(value.get_ref<const std::string&>());
    } catch (const InvalidInput& error) {
      problems.push_back({pointer, error.what()});
    }
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i)
      check_templates(value[i], pointer_append(pointer, i), problems);
  } else if (value.is_object()) {
    for (const auto& [name, member] : value.items())
      check_templates(member, pointer_append(pointer, name), problems);
  }
}

}  // namespace rowhook
