#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/event/event.h"

namespace rowhook {

// A JSON value that keeps numbers as the digits they were written with and objects in the order they were written.
// For items that flow through workflows, where nlohmann::json would round 9007199254740993.0001.
// Thread safety: none while it is changed; safe to share once const.
class Document {
 public:
  struct Number {
    std::string digits;  // a valid JSON number
    bool operator==(const Number&) const = default;
  };
  using Array = std::vector<Document>;
  using Object = std::vector<std::pair<std::string, Document>>;

  Document() = default;  // null
  Document(std::nullptr_t) {}
  Document(bool value) : value_(value) {}
  Document(Number value) : value_(std::move(value)) {}
  Document(std::string value) : value_(std::move(value)) {}
  Document(const char* value) : value_(std::string(value)) {}
  Document(Array value) : value_(std::move(value)) {}
  Document(Object value) : value_(std::move(value)) {}

  // At most 64 levels. Throws InvalidInput naming the byte offset.
  static Document parse(std::string_view text);
  void write(std::string& out) const;
  std::string text() const;

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  const bool* boolean() const { return std::get_if<bool>(&value_); }
  const Number* number() const { return std::get_if<Number>(&value_); }
  const std::string* string() const { return std::get_if<std::string>(&value_); }
  const Array* array() const { return std::get_if<Array>(&value_); }
  const Object* object() const { return std::get_if<Object>(&value_); }
  Array* array() { return std::get_if<Array>(&value_); }
  Object* object() { return std::get_if<Object>(&value_); }

  // Member of an object or element of an array ("0", "1", ...); nullptr when there is none.
  const Document* find(std::string_view name) const;
  // Dotted path, "new_values.total_amount"; "" is the document itself. nullptr when there is none.
  const Document* find_path(std::string_view path) const;
  // Sets or adds a member at a dotted path, making objects on the way. Throws PermanentError where a scalar is in the way.
  void set_path(std::string_view path, Document value);
  bool operator==(const Document&) const = default;

 private:
  std::variant<std::monostate, bool, Number, std::string, Array, Object> value_;
};

// What flows along a workflow's connections: an event as it came, or a JSON value a node made.
// The text and the document are made on first use. Thread safety: safe to share.
class Item {
 public:
  explicit Item(EventPtr event);
  explicit Item(std::string json);  // must be valid JSON; not checked here
  explicit Item(Document document);
  ~Item();
  const EventPtr& event() const { return event_; }  // set only while the item is the event itself
  const std::string& json() const;
  const Document& document() const;

 private:
  struct Lazy;
  EventPtr event_;
  std::unique_ptr<Lazy> lazy_;
};
using ItemPtr = std::shared_ptr<const Item>;

}  // namespace rowhook
