#include "web/server/conflict.h"

#include <nlohmann/json.hpp>

namespace rowhook {
namespace {

Json comparable(std::string_view text) {
  Json document = parse_json(text);
  if (document.is_object())
    for (const char* name :
         {"revision", "created_at", "updated_at", "updated_by", "from_seq", "until_seq", "breaker"})
      document.erase(name);
  return document;
}

}  // namespace

ApiResponse with_conflict(ApiResponse refusal, const ApiResponse& current, std::string_view sent) {
  if (current.status != 200 || !refusal.body.ends_with('}')) return refusal;
  refusal.body.pop_back();
  refusal.body += ",\"current\":" + current.body;
  try {
    const Json changes = Json::diff(comparable(current.body), comparable(sent));
    refusal.body += ",\"changes\":" + changes.dump(-1, ' ', false, Json::error_handler_t::replace);
  } catch (const InvalidInput&) {
    // What was sent is no JSON: there is nothing to compare.
  }
  refusal.body += '}';
  if (const auto tag = current.header("ETag");
      tag.data() != nullptr && refusal.header("ETag").data() == nullptr)
    refusal.headers.emplace_back("ETag", tag);
  return refusal;
}

}  // namespace rowhook
