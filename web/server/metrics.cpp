#include <nlohmann/json.hpp>

#include "engine/base/metrics.h"
#include "engine/store/store.h"
#include "scripting/script_engine.h"
#include "web/server/handlers.h"
#include "web/server/scripts_json.h"
#include "web/server/trigger_series.h"

namespace rowhook {
namespace {

// A page of a view whose rows are told apart by these columns.
ApiResponse rows(const Call& call, const Json& view, std::initializer_list<const char*> key) {
  std::vector<ShortListItem> items;
  for (const auto& row : view) {
    std::string name;
    for (const char* column : key)
      name += (name.empty() ? "" : "~") + row.at(column).get_ref<const std::string&>();
    items.push_back({std::move(name), row.dump()});
  }
  return short_list(call.query.page(), items);
}

// A label's value with its quotes.
std::string label(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string seconds(std::chrono::nanoseconds time) {
  return Json(static_cast<double>(time.count()) / 1e9).dump();
}

}  // namespace

std::string script_cost_metrics(const std::vector<ScriptCost>& costs) {
  if (costs.empty()) return {};
  std::string time =
      "# HELP rowhook_script_call_seconds Time of the calls of each script\n"
      "# TYPE rowhook_script_call_seconds summary\n";
  std::string errors =
      "# HELP rowhook_script_call_errors_total Calls of each script that failed\n"
      "# TYPE rowhook_script_call_errors_total counter\n";
  std::string memory =
      "# HELP rowhook_script_memory_bytes The most memory that one call of each script had in use\n"
      "# TYPE rowhook_script_memory_bytes gauge\n";
  for (const auto& cost : costs) {
    const std::string script = "script=" + label(cost.script);
    time += "rowhook_script_call_seconds{" + script + ",quantile=\"0.5\"} " + seconds(cost.p50) + "\n";
    time += "rowhook_script_call_seconds{" + script + ",quantile=\"0.99\"} " + seconds(cost.p99) + "\n";
    time += "rowhook_script_call_seconds_sum{" + script + "} " + seconds(cost.total) + "\n";
    time += "rowhook_script_call_seconds_count{" + script + "} " + std::to_string(cost.calls) + "\n";
    errors += "rowhook_script_call_errors_total{" + script + "} " + std::to_string(cost.errors) + "\n";
    memory += "rowhook_script_memory_bytes{" + script + "} " + std::to_string(cost.memory_bytes) + "\n";
  }
  return time + errors + memory;
}

ApiResponse trigger_metrics(Call& call) {
  return rows(call, call.api.store().trigger_metrics(), {"hour", "source", "event_type"});
}

ApiResponse trigger_series(Call& call) {
  std::vector<ShortListItem> items;
  if (const TriggerSeries* series = call.api.services.series)
    series->each([&](const TriggerSeries::Shown& shown) {
      items.push_back({std::to_string(shown.trigger_id), ""});
      write_trigger_series(items.back().json, shown);
    });
  return short_list(call.query.page(), items);
}

ApiResponse node_targeting(Call& call) {
  return rows(call, call.api.store().node_targeting_stats(), {"routing_type"});
}

ApiResponse prometheus_metrics(Call& call) {
  return {200,
          {},
          "text/plain; version=0.0.4; charset=utf-8",
          call.api.services.metrics->text() + script_cost_metrics(call.api.services.scripts->costs())};
}

}  // namespace rowhook
