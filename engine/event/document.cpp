#include "engine/event/document.h"

#include <simdjson.h>

#include <charconv>
#include <mutex>

#include "engine/base/errors.h"
#include "engine/event/json_writer.h"

namespace rowhook {
namespace {

namespace ondemand = simdjson::ondemand;
constexpr int max_depth = 64;

// RFC 8259 number grammar; simdjson hands out raw tokens unchecked.
bool is_json_number(std::string_view text) {
  std::size_t i = 0;
  const auto digit = [&] { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  const auto digits = [&] {
    const std::size_t start = i;
    while (digit()) ++i;
    return i > start;
  };
  if (i < text.size() && text[i] == '-') ++i;
  if (i < text.size() && text[i] == '0') {
    ++i;
  } else if (!digits()) {
    return false;
  }
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (!digits()) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (!digits()) return false;
  }
  return i == text.size() && !text.empty();
}

std::string_view trimmed(std::string_view token) {
  while (!token.empty() && (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' || token.back() == '\t'))
    token.remove_suffix(1);
  return token;
}

template <typename Source>
Document convert(Source&& value, int depth) {
  if (depth > max_depth) throw InvalidInput("JSON is nested deeper than 64 levels", {});
  switch (ondemand::json_type(value.type())) {
    case ondemand::json_type::null:
      if (!bool(value.is_null())) throw simdjson::simdjson_error(simdjson::N_ATOM_ERROR);
      return Document();
    case ondemand::json_type::boolean: return Document(bool(value.get_bool()));
    case ondemand::json_type::string: return Document(std::string(std::string_view(value.get_string())));
    case ondemand::json_type::number: {
      const std::string_view digits = trimmed(std::string_view(value.raw_json_token()));
      if (!is_json_number(digits)) throw simdjson::simdjson_error(simdjson::NUMBER_ERROR);
      return Document(Document::Number{std::string(digits)});
    }
    case ondemand::json_type::array: {
      Document::Array out;
      for (auto element : value.get_array()) out.push_back(convert(element.value(), depth + 1));
      return Document(std::move(out));
    }
    case ondemand::json_type::object: {
      Document::Object out;
      for (auto member : value.get_object()) {
        std::string name{std::string_view(member.unescaped_key())};
        out.emplace_back(std::move(name), convert(member.value().value(), depth + 1));
      }
      return Document(std::move(out));
    }
    default: throw simdjson::simdjson_error(simdjson::INCORRECT_TYPE);
  }
}

}  // namespace

Document Document::parse(std::string_view text) {
  thread_local ondemand::parser parser;
  try {
    const simdjson::padded_string padded(text);
    ondemand::document document = parser.iterate(padded);
    Document result;
    if (bool(document.is_scalar())) {
      // A scalar document cannot be converted as a value: wrap it.
      const simdjson::padded_string wrapped("[" + std::string(text) + "]");
      ondemand::document list = parser.iterate(wrapped);
      Document parsed = convert(list.get_value().value(), 0);
      if (parsed.array()->size() != 1 || list.current_location().error() != simdjson::OUT_OF_BOUNDS)
        throw simdjson::simdjson_error(simdjson::TRAILING_CONTENT);
      return std::move(parsed.array()->front());
    }
    result = convert(document.get_value().value(), 0);
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS)
      throw simdjson::simdjson_error(simdjson::TRAILING_CONTENT);
    return result;
  } catch (const simdjson::simdjson_error& error) {
    throw InvalidInput(std::string("not valid JSON: ") + error.what(), {{"", error.what()}});
  }
}

void Document::write(std::string& out) const {
  struct Writer {
    std::string& out;
    void operator()(std::monostate) const { out += "null"; }
    void operator()(bool value) const { out += value ? "true" : "false"; }
    void operator()(const Number& value) const { out += value.digits; }
    void operator()(const std::string& value) const { write_json_string(out, value); }
    void operator()(const Array& values) const {
      out += '[';
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (i > 0) out += ',';
        values[i].write(out);
      }
      out += ']';
    }
    void operator()(const Object& members) const {
      out += '{';
      bool first = true;
      for (const auto& [name, value] : members) {
        if (!first) out += ',';
        first = false;
        write_json_string(out, name);
        out += ':';
        value.write(out);
      }
      out += '}';
    }
  };
  std::visit(Writer{out}, value_);
}

std::string Document::text() const {
  std::string out;
  write(out);
  return out;
}

const Document* Document::find(std::string_view name) const {
  if (const auto* members = object()) {
    for (const auto& [key, value] : *members)
      if (key == name) return &value;
  } else if (const auto* elements = array()) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
    if (error == std::errc{} && end == name.data() + name.size() && index < elements->size()) return &(*elements)[index];
  }
  return nullptr;
}

const Document* Document::find_path(std::string_view path) const {
  const Document* at = this;
  while (at && !path.empty()) {
    const auto dot = path.find('.');
    at = at->find(path.substr(0, dot));
    path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
  }
  return at;
}

void Document::set_path(std::string_view path, Document value) {
  Document* at = this;
  for (;;) {
    if (at->is_null()) at->value_ = Object{};
    auto* members = at->object();
    if (!members) throw PermanentError("cannot set '" + std::string(path) + "': its parent is not an object");
    const auto dot = path.find('.');
    const std::string_view name = path.substr(0, dot);
    auto found = std::find_if(members->begin(), members->end(), [&](const auto& member) { return member.first == name; });
    if (found == members->end()) {
      members->emplace_back(std::string(name), Document());
      found = std::prev(members->end());
    }
    if (dot == std::string_view::npos) {
      found->second = std::move(value);
      return;
    }
    at = &found->second;
    path = path.substr(dot + 1);
  }
}

struct Item::Lazy {
  std::once_flag text_once, document_once;
  bool has_text = false, has_document = false;  // given at construction
  std::string text;
  Document document;
};

Item::Item(EventPtr event) : event_(std::move(event)), lazy_(std::make_unique<Lazy>()) {}
Item::Item(std::string json) : lazy_(std::make_unique<Lazy>()) {
  lazy_->text = std::move(json);
  lazy_->has_text = true;
}
Item::Item(Document document) : lazy_(std::make_unique<Lazy>()) {
  lazy_->document = std::move(document);
  lazy_->has_document = true;
}
Item::~Item() = default;

const std::string& Item::json() const {
  if (!lazy_->has_text)
    std::call_once(lazy_->text_once, [this] { lazy_->text = event_ ? event_json(*event_) : lazy_->document.text(); });
  return lazy_->text;
}

const Document& Item::document() const {
  if (!lazy_->has_document)
    std::call_once(lazy_->document_once, [this] { lazy_->document = Document::parse(json()); });
  return lazy_->document;
}

}  // namespace rowhook
