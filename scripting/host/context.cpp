#include "scripting/host/context.h"

#include <algorithm>

#include "engine/event/json_writer.h"

namespace rowhook {

HostShape::HostShape(ShapePtr shape) : shape_(std::move(shape)) {
  int index = 0;
  for (const auto& column : shape_->columns) sorted_.emplace_back(column.name, index++);
  std::stable_sort(sorted_.begin(), sorted_.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
}

int HostShape::column(std::string_view name) {
  Seen& seen = seen_[(reinterpret_cast<std::uintptr_t>(name.data()) >> 4) % cache_size];
  if (seen.address == name.data() && seen.index >= 0 &&
      shape_->columns[static_cast<std::size_t>(seen.index)].name == name)
    return seen.index;
  const auto found =
      std::lower_bound(sorted_.begin(), sorted_.end(), name,
                       [](const auto& entry, std::string_view wanted) { return entry.first < wanted; });
  if (found == sorted_.end() || found->first != name) return -1;
  seen = {name.data(), found->second};
  return found->second;
}

void RowState::reset(std::string_view row) {
  bytes = row;
  reader = RowReader(row);
  values.clear();
  read = 0;
}

Value RowState::at(std::size_t column) {
  while (values.size() <= column) {
    if (reader.done()) return {};
    values.push_back(reader.next());
  }
  return values[column];
}

const std::string& ScriptContext::json_of_event() {
  if (event_json.empty()) write_json_event(event_json, read_event(*call, shape->pointer()));
  return event_json;
}

int raise_scratch(lua_State* L) {
  luaL_where(L, 1);
  push_text(L, context(L).scratch);
  lua_concat(L, 2);
  return lua_error(L);
}

int raise_refusal(lua_State* L) {
  context(L).refused = context(L).scratch;
  return raise_scratch(L);
}

}  // namespace rowhook
