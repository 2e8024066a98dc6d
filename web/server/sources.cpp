#include "web/server/handlers.h"
#include "web/server/source_json.h"
#include "web/server/sources_view.h"

namespace rowhook {
namespace {

std::vector<SourceState> all(const Call& call) {
  return call.api.services.sources ? call.api.services.sources->list() : std::vector<SourceState>{};
}

SourceState named(const Call& call) {
  const std::string name = call.parameter();
  for (auto& source : all(call))
    if (source.name == name) return std::move(source);
  throw NotFound("there is no source '" + name + "'",
                 "GET /sources lists them; they come from `connections` of the configuration");
}

ApiResponse response(const SourceState& source) {
  std::string out;
  write_source(out, source);
  return ApiResponse::json(std::move(out));
}

}  // namespace

void write_source(std::string& out, const SourceState& source) {
  JsonObject json(out);
  json.text("name", source.name);
  json.text("state", to_string(source.state));
  json.text_or_null("reason", source.reason);
  json.text_or_null("remedy", source.remedy);
  json.text_or_null("position", source.position);
  json.number("lag_seconds", source.lag_seconds);
  json.number("lag_bytes", source.lag_bytes);
  json.close();
}

ApiResponse list_sources(Call& call) {
  std::vector<ShortListItem> items;
  for (const auto& source : all(call)) {
    items.push_back({source.name, ""});
    write_source(items.back().json, source);
  }
  return short_list(call.query.page(), items);
}

ApiResponse show_source(Call& call) { return response(named(call)); }

ApiResponse examine_source(Call& call) {
  const SourceState source = named(call);
  const auto findings = call.api.services.sources->doctor(source.name);
  ListBody list;
  for (const auto& finding : findings) {
    JsonObject json(list.item());
    json.text("severity", to_string(finding.severity));
    json.text("check", finding.check);
    json.text("detail", finding.detail);
    json.text_or_null("remedy", finding.remedy);
    json.close();
  }
  return std::move(list).finish(std::nullopt, findings.size());
}

ApiResponse pause_source(Call& call) {
  const SourceState source = named(call);
  call.api.services.sources->pause(source.name);
  return response(named(call));
}

ApiResponse resume_source(Call& call) {
  const SourceState source = named(call);
  call.api.services.sources->resume(source.name);
  return response(named(call));
}

}  // namespace rowhook
