// Settings are declared once. From a Spec come parsing with defaults, validation with JSON Pointers, the JSON Schema for
// editors, the forms of the page and the reference pages.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/errors.h"
#include "engine/base/json.h"

namespace rowhook {

class Spec;

// One setting. Built by chaining: Field::integer("port", "TCP port").range(1, 65535).fallback(5432)
class Field {
 public:
  enum class Kind { boolean, integer, number, text, duration, size, choice, object, list, map, any };

  static Field boolean(std::string name, std::string doc);
  static Field integer(std::string name, std::string doc);
  static Field number(std::string name, std::string doc);
  static Field text(std::string name, std::string doc);
  static Field duration(std::string name, std::string doc);  // "30s"; a bare number is refused unless seconds()
  static Field size(std::string name, std::string doc);      // "64MiB" or a number of bytes
  static Field choice(std::string name, std::string doc, std::vector<std::string> allowed);
  static Field object(std::string name, std::string doc, Spec spec);
  static Field list(std::string name, std::string doc, Field item);  // item's name and doc describe one element
  static Field map(std::string name, std::string doc, Field item);   // free member names
  static Field any(std::string name, std::string doc);

  Field&& fallback(nlohmann::json value) &&;  // default; without it an absent optional setting stays absent
  Field&& required() &&;
  Field&& nullable() &&;                      // null is accepted and kept
  Field&& range(std::int64_t low, std::int64_t high) &&;
  Field&& length(std::size_t low, std::size_t high) &&;  // characters of text, elements of lists and maps
  Field&& pattern(std::string ecmascript_regex, std::string remedy) &&;
  Field&& secret() &&;                        // never printed: export, API and logs show "***"
  Field&& format(std::string name) &&;        // a hint for editors and forms: "lua", "sql", "url", "condition"
  Field&& example(nlohmann::json value) &&;

  const std::string& name() const { return name_; }
  const std::string& doc() const { return doc_; }
  Kind kind() const { return kind_; }
  bool is_required() const { return required_; }
  bool is_secret() const { return secret_; }
  const std::optional<nlohmann::json>& fallback_value() const { return fallback_; }

 private:
  friend class Spec;
  Field(Kind kind, std::string name, std::string doc) : kind_(kind), name_(std::move(name)), doc_(std::move(doc)) {}
  Kind kind_;
  std::string name_, doc_, pattern_, remedy_, format_;
  bool required_ = false, nullable_ = false, secret_ = false;
  std::optional<nlohmann::json> fallback_, example_;
  std::optional<std::int64_t> low_, high_;
  std::optional<std::size_t> shortest_, longest_;
  std::vector<std::string> allowed_;
  std::shared_ptr<const Spec> object_;
  std::shared_ptr<const Field> item_;
};

// The declaration of one object of settings. Thread safety: immutable once built.
class Spec {
 public:
  Spec() = default;
  Spec(std::initializer_list<Field> fields) : fields_(fields) {}
  Spec& add(Field field) { fields_.push_back(std::move(field)); return *this; }
  const std::vector<Field>& fields() const { return fields_; }

  // Appends a Problem per fault of `value` (unknown key with the nearest known one, wrong type, out of range, ...).
  // `pointer` is where `value` stands in the whole document. Returns `value` with defaults filled in.
  nlohmann::json check(const nlohmann::json& value, std::string_view pointer, std::vector<Problem>& problems) const;
  // As check, but throws InvalidInput(`what` + " is not valid") when there are problems.
  nlohmann::json parse(const nlohmann::json& value, std::string_view what) const;
  // JSON Schema, draft 2020-12, of this object (no $schema member).
  nlohmann::json schema() const;
  // A Markdown table: setting, type, default, meaning; nested objects follow as sections named `prefix.name`.
  std::string markdown(std::string_view prefix = {}) const;
  // `value` with every secret replaced by "***".
  nlohmann::json redact(const nlohmann::json& value) const;

 private:
  static nlohmann::json check_field(const Field& field, const nlohmann::json& value, const std::string& pointer,
                                    std::vector<Problem>& problems);
  static nlohmann::json schema_of(const Field& field);
  static nlohmann::json redact_field(const Field& field, const nlohmann::json& value);
  std::vector<Field> fields_;
};

}  // namespace rowhook
