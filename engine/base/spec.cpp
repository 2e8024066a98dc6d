#include "engine/base/spec.h"

#include <algorithm>
#include <regex>

#include "engine/base/clock.h"

namespace rowhook {

using nlohmann::json;

Field Field::boolean(std::string name, std::string doc) { return {Kind::boolean, std::move(name), std::move(doc)}; }
Field Field::integer(std::string name, std::string doc) { return {Kind::integer, std::move(name), std::move(doc)}; }
Field Field::number(std::string name, std::string doc) { return {Kind::number, std::move(name), std::move(doc)}; }
Field Field::text(std::string name, std::string doc) { return {Kind::text, std::move(name), std::move(doc)}; }
Field Field::duration(std::string name, std::string doc) { return {Kind::duration, std::move(name), std::move(doc)}; }
Field Field::size(std::string name, std::string doc) { return {Kind::size, std::move(name), std::move(doc)}; }
Field Field::choice(std::string name, std::string doc, std::vector<std::string> allowed) {
  Field field{Kind::choice, std::move(name), std::move(doc)};
  field.allowed_ = std::move(allowed);
  return field;
}
Field Field::object(std::string name, std::string doc, Spec spec) {
  Field field{Kind::object, std::move(name), std::move(doc)};
  field.object_ = std::make_shared<const Spec>(std::move(spec));
  return field;
}
Field Field::list(std::string name, std::string doc, Field item) {
  Field field{Kind::list, std::move(name), std::move(doc)};
  field.item_ = std::make_shared<const Field>(std::move(item));
  return field;
}
Field Field::map(std::string name, std::string doc, Field item) {
  Field field{Kind::map, std::move(name), std::move(doc)};
  field.item_ = std::make_shared<const Field>(std::move(item));
  return field;
}
Field Field::any(std::string name, std::string doc) { return {Kind::any, std::move(name), std::move(doc)}; }

Field&& Field::fallback(json value) && { fallback_ = std::move(value); return std::move(*this); }
Field&& Field::required() && { required_ = true; return std::move(*this); }
Field&& Field::nullable() && { nullable_ = true; return std::move(*this); }
Field&& Field::range(std::int64_t low, std::int64_t high) && { low_ = low; high_ = high; return std::move(*this); }
Field&& Field::length(std::size_t low, std::size_t high) && { shortest_ = low; longest_ = high; return std::move(*this); }
Field&& Field::pattern(std::string regex, std::string remedy) && {
  pattern_ = std::move(regex);
  remedy_ = std::move(remedy);
  return std::move(*this);
}
Field&& Field::secret() && { secret_ = true; return std::move(*this); }
Field&& Field::format(std::string name) && { format_ = std::move(name); return std::move(*this); }
Field&& Field::example(json value) && { example_ = std::move(value); return std::move(*this); }

namespace {

std::string article_of(Field::Kind kind) {
  switch (kind) {
    case Field::Kind::boolean: return "true or false";
    case Field::Kind::integer: return "an integer";
    case Field::Kind::number: return "a number";
    case Field::Kind::text: return "text";
    case Field::Kind::duration: return "a duration such as \"30s\"";
    case Field::Kind::size: return "a size such as \"64MiB\"";
    case Field::Kind::choice: return "text";
    case Field::Kind::object: return "an object";
    case Field::Kind::list: return "an array";
    case Field::Kind::map: return "an object";
    case Field::Kind::any: return "a value";
  }
  return "a value";
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) out += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
  return out;
}

bool right_type(Field::Kind kind, const json& value) {
  switch (kind) {
    case Field::Kind::boolean: return value.is_boolean();
    case Field::Kind::integer: return value.is_number_integer();
    case Field::Kind::number: return value.is_number();
    case Field::Kind::text:
    case Field::Kind::choice:
    case Field::Kind::duration: return value.is_string();
    case Field::Kind::size: return value.is_string() || value.is_number_unsigned();
    case Field::Kind::object:
    case Field::Kind::map: return value.is_object();
    case Field::Kind::list: return value.is_array();
    case Field::Kind::any: return true;
  }
  return false;
}

std::size_t length_of(const json& value) {
  if (!value.is_string()) return value.size();
  const auto& text = value.get_ref<const std::string&>();
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

}  // namespace

json Spec::check_field(const Field& field, const json& value, const std::string& pointer, std::vector<Problem>& problems) {
  const auto wrong = [&](std::string detail) { problems.push_back({pointer, std::move(detail)}); };
  if (value.is_null() && field.nullable_) return value;
  if (!right_type(field.kind_, value)) {
    wrong("expected " + article_of(field.kind_) + ", found " + std::string(value.type_name()));
    return value;
  }
  if (field.low_ && value.is_number()) {
    const bool outside = value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)
                             ? true
                             : value.get<double>() < static_cast<double>(*field.low_) ||
                                   value.get<double>() > static_cast<double>(*field.high_);
    if (outside)
      wrong(value.dump() + " is outside " + std::to_string(*field.low_) + " to " + std::to_string(*field.high_));
  }
  bool fits = true;
  if (field.shortest_) {
    const std::size_t length = length_of(value);
    fits = length >= *field.shortest_ && length <= *field.longest_;
    if (!fits)
      wrong("its length is " + std::to_string(length) + "; allowed are " + std::to_string(*field.shortest_) + " to " +
            std::to_string(*field.longest_));
  }
  // std::regex recurses per character: text that is too long anyway is not shown to it.
  if (!field.pattern_.empty() && fits && !std::regex_match(value.get_ref<const std::string&>(), std::regex(field.pattern_)))
    wrong("'" + (field.secret_ ? std::string("***") : value.get<std::string>()) + "' is not allowed: " + field.remedy_);
  switch (field.kind_) {
    case Field::Kind::choice: {
      const auto& name = value.get_ref<const std::string&>();
      if (std::find(field.allowed_.begin(), field.allowed_.end(), name) == field.allowed_.end())
        wrong("'" + name + "' is not one of " + joined(field.allowed_));
      return value;
    }
    case Field::Kind::duration:
      try {
        parse_duration(value.get_ref<const std::string&>());
      } catch (const InvalidInput& error) {
        wrong(std::string(error.what()) + ": " + error.hint());
      }
      return value;
    case Field::Kind::size:
      if (value.is_string()) try {
          parse_size(value.get_ref<const std::string&>());
        } catch (const InvalidInput& error) {
          wrong(std::string(error.what()) + ": " + error.hint());
        }
      return value;
    case Field::Kind::object: return field.object_->check(value, pointer, problems);
    case Field::Kind::list: {
      json out = json::array();
      for (std::size_t i = 0; i < value.size(); ++i)
        out.push_back(check_field(*field.item_, value[i], pointer_append(pointer, i), problems));
      return out;
    }
    case Field::Kind::map: {
      json out = json::object();
      for (const auto& [name, member] : value.items())
        out[name] = check_field(*field.item_, member, pointer_append(pointer, name), problems);
      return out;
    }
    default: return value;
  }
}

json Spec::check(const json& value, std::string_view pointer, std::vector<Problem>& problems) const {
  if (!value.is_object()) {
    problems.push_back({std::string(pointer), "expected an object, found " + std::string(value.type_name())});
    return value;
  }
  std::vector<std::string> known;
  for (const auto& field : fields_) known.push_back(field.name_);
  for (const auto& [name, member] : value.items()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string near = nearest_name(name, known);
    problems.push_back({pointer_append(pointer, name), "unknown setting '" + name + "'" +
                        (near.empty() ? "; known are " + joined(known) : "; did you mean '" + near + "'?")});
  }
  json out = json::object();
  for (const auto& field : fields_) {
    const auto found = value.find(field.name_);
    if (found != value.end()) {
      out[field.name_] = check_field(field, *found, pointer_append(pointer, field.name_), problems);
    } else if (field.required_) {
      problems.push_back({pointer_append(pointer, field.name_), "is missing: " + field.doc_});
    } else if (field.fallback_) {
      out[field.name_] = field.kind_ == Field::Kind::object && field.fallback_->is_object()
                             ? field.object_->check(*field.fallback_, pointer_append(pointer, field.name_), problems)
                             : *field.fallback_;
    }
  }
  return out;
}

json Spec::parse(const json& value, std::string_view what) const {
  std::vector<Problem> problems;
  json out = check(value, "", problems);
  if (!problems.empty())
    throw InvalidInput(std::string(what) + " is not valid: " + problems.front().pointer + ": " + problems.front().detail,
                       problems);
  return out;
}

json Spec::schema_of(const Field& field) {
  json out = json::object();
  if (field.object_) out = field.object_->schema();
  switch (field.kind_) {
    case Field::Kind::boolean: out["type"] = "boolean"; break;
    case Field::Kind::integer: out["type"] = "integer"; break;
    case Field::Kind::number: out["type"] = "number"; break;
    case Field::Kind::text: out["type"] = "string"; break;
    case Field::Kind::duration: out["type"] = "string"; out["pattern"] = "^[0-9]+(ms|s|m|h|d)$"; break;
    case Field::Kind::size: out["type"] = {"string", "integer"}; out["pattern"] = "^[0-9]+(B|KiB|MiB|GiB|TiB)?$"; break;
    case Field::Kind::choice: out["type"] = "string"; out["enum"] = field.allowed_; break;
    case Field::Kind::object: break;
    case Field::Kind::list: out["type"] = "array"; out["items"] = schema_of(*field.item_); break;
    case Field::Kind::map: out["type"] = "object"; out["additionalProperties"] = schema_of(*field.item_); break;
    case Field::Kind::any: break;
  }
  if (field.nullable_ && out.contains("type")) {
    if (out["type"].is_string()) out["type"] = json::array({out["type"]});
    out["type"].push_back("null");
    if (out.contains("enum")) out["enum"].push_back(nullptr);
  }
  if (field.low_) { out["minimum"] = *field.low_; out["maximum"] = *field.high_; }
  if (field.shortest_) {
    const bool text = field.kind_ == Field::Kind::text;
    out[text ? "minLength" : "minItems"] = *field.shortest_;
    out[text ? "maxLength" : "maxItems"] = *field.longest_;
  }
  if (!field.pattern_.empty()) out["pattern"] = "^(?:" + field.pattern_ + ")$";
  if (!field.format_.empty()) out["format"] = field.format_;
  if (field.secret_) out["writeOnly"] = true;
  if (field.fallback_) out["default"] = *field.fallback_;
  if (field.example_) out["examples"] = json::array({*field.example_});
  if (!field.doc_.empty()) out["description"] = field.doc_;
  return out;
}

json Spec::schema() const {
  json properties = json::object(), required = json::array();
  for (const auto& field : fields_) {
    properties[field.name_] = schema_of(field);
    if (field.required_) required.push_back(field.name_);
  }
  json out{{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  if (!required.empty()) out["required"] = required;
  return out;
}

std::string Spec::markdown(std::string_view prefix) const {
  const auto type_name = [](const Field& field) {
    switch (field.kind_) {
      case Field::Kind::boolean: return std::string("boolean");
      case Field::Kind::integer: return std::string("integer");
      case Field::Kind::number: return std::string("number");
      case Field::Kind::duration: return std::string("duration");
      case Field::Kind::size: return std::string("size");
      case Field::Kind::choice: {
        std::string out;
        for (const auto& name : field.allowed_) out += (out.empty() ? "`" : " \\| `") + name + "`";
        return out;
      }
      case Field::Kind::object: return std::string("object");
      case Field::Kind::list: return std::string("array");
      case Field::Kind::map: return std::string("map");
      case Field::Kind::any: return std::string("any");
      default: return std::string("text");
    }
  };
  std::string out = "| setting | type | default | meaning |\n|---|---|---|---|\n";
  for (const auto& field : fields_) {
    out += "| `" + field.name_ + "` | " + type_name(field) + " | ";
    if (field.required_) {
      out += "required";
    } else if (field.fallback_ && !field.fallback_->is_object()) {
      out += "`" + field.fallback_->dump() + "`";
    }
    out += " | " + field.doc_ + " |\n";
  }
  for (const auto& field : fields_) {
    const Field* at = &field;
    std::string name = std::string(prefix) + (prefix.empty() ? "" : ".") + field.name_;
    while (at->item_) {
      name += at->kind_ == Field::Kind::map ? ".*" : "[]";
      at = at->item_.get();
    }
    if (at->object_) out += "\n### `" + name + "`\n\n" + field.doc_ + "\n\n" + at->object_->markdown(name);
  }
  return out;
}

json Spec::redact_field(const Field& field, const json& value) {
  if (field.secret_ && !value.is_null()) return "***";
  if (field.object_ && value.is_object()) return field.object_->redact(value);
  if (field.item_ && (value.is_array() || value.is_object())) {
    json out = value;
    for (auto& member : out) member = redact_field(*field.item_, member);
    return out;
  }
  return value;
}

json Spec::redact(const json& value) const {
  if (!value.is_object()) return value;
  json out = value;
  for (const auto& field : fields_)
    if (const auto found = out.find(field.name_); found != out.end()) *found = redact_field(field, *found);
  return out;
}

}  // namespace rowhook
