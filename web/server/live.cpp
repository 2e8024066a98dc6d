#include "web/server/live.h"

#include <algorithm>

#include "engine/base/errors.h"
#include "engine/base/json.h"
#include "web/server/rpc.h"
#include "web/server/websocket_frames.h"

namespace rowhook {
namespace {

constexpr std::size_t max_values = 100;

InvalidInput wrong(const std::string& pointer, const std::string& detail) {
  return InvalidInput("the filter is not valid: " + detail, {{pointer, detail}});
}

std::string value_text(const Document& value, const std::string& pointer) {
  if (value.string()) return *value.string();
  if (value.number() || value.boolean() || value.object()) return value.text();
  throw wrong(pointer, "expected text, a number or a list of those");
}

}  // namespace

void Frames::add(std::string_view method, std::string_view params_json, std::uint64_t number) {
  if (number != 0) places.emplace_back(number, bytes.size());
  append_frame(bytes, FrameKind::text, rpc_notification(method, params_json));
}

std::size_t Frames::offset_of(std::uint64_t number) const {
  const auto found =
      std::lower_bound(places.begin(), places.end(), number,
                       [](const auto& place, std::uint64_t wanted) { return place.first < wanted; });
  return found == places.end() ? bytes.size() : found->second;
}

FramesPtr one_frame(std::string_view method, std::string_view params_json) {
  auto frames = std::make_shared<Frames>();
  frames->add(method, params_json);
  return frames;
}

LiveFilter::LiveFilter(const Document* filter, const std::vector<std::string_view>& known) {
  if (!filter || filter->is_null()) return;
  if (!filter->object()) throw wrong("/filter", "expected an object");
  for (const auto& [name, value] : *filter->object()) {
    const std::string pointer = pointer_append("/filter", name);
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      const std::string near = nearest_name(name, std::vector<std::string>(known.begin(), known.end()));
      throw wrong(pointer,
                  "'" + name + "' is not known" + (near.empty() ? "" : "; did you mean '" + near + "'?"));
    }
    if (value.is_null()) continue;
    std::vector<std::string> values;
    if (const auto* list = value.array()) {
      if (list->empty() || list->size() > max_values) throw wrong(pointer, "a list has 1 to 100 values");
      for (std::size_t i = 0; i < list->size(); ++i)
        values.push_back(value_text((*list)[i], pointer_append(pointer, i)));
    } else {
      values.push_back(value_text(value, pointer));
    }
    std::sort(values.begin(), values.end());
    conditions_.emplace_back(name, std::move(values));
  }
  std::sort(conditions_.begin(), conditions_.end());
  Document::Object sorted;
  for (const auto& [name, values] : conditions_) {
    Document::Array list;
    for (const auto& value : values) list.emplace_back(value);
    sorted.emplace_back(name, Document(std::move(list)));
  }
  text_ = Document(std::move(sorted)).text();
}

}  // namespace rowhook
