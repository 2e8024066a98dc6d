#pragma once

#include <map>
#include <string>

#include "engine/db/condition.h"

namespace rowhook::testing {

// Columns by `name` or `old.name`; everything else is absent.
class MapScope final : public ConditionScope {
 public:
  explicit MapScope(std::map<std::string, Value> columns) : columns_(std::move(columns)) {}
  Value column(std::string_view qualifier, std::string_view name) const override {
    const auto found = columns_.find(qualifier.empty() ? std::string(name)
                                                       : std::string(qualifier) + '.' + std::string(name));
    return found == columns_.end() ? Value{} : found->second;
  }

 private:
  std::map<std::string, Value> columns_;
};

inline Value number(std::string_view digits) { return {ValueKind::number, digits}; }
inline Value text(std::string_view bytes) { return {ValueKind::text, bytes}; }
inline Value boolean(bool value) { return {value ? ValueKind::yes : ValueKind::no, {}}; }
inline Value null() { return {ValueKind::null, {}}; }

}  // namespace rowhook::testing
