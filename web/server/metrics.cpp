#include <nlohmann/json.hpp>

#include "engine/base/metrics.h"
#include "engine/store/store.h"
#include "web/server/handlers.h"

namespace rowhook {
namespace {

ApiResponse rows(const Json& view) {
  ListBody list;
  for (const auto& row : view) list.item() += row.dump();
  return ApiResponse::json(std::move(list).finish(std::nullopt, view.size()));
}

}  // namespace

ApiResponse trigger_metrics(Call& call) { return rows(call.api.store().trigger_metrics()); }

ApiResponse node_targeting(Call& call) { return rows(call.api.store().node_targeting_stats()); }

ApiResponse prometheus_metrics(Call& call) {
  return {200, {}, "text/plain; version=0.0.4; charset=utf-8", call.api.services.metrics->text()};
}

}  // namespace rowhook
