#include "web/server/live_hub.h"

#include "engine/base/errors.h"
#include "engine/base/log.h"
#include "web/server/call.h"

namespace rowhook {
namespace {

constexpr std::chrono::seconds measure_every{1};

InvalidInput wrong(const std::string& pointer, const std::string& detail) {
  return InvalidInput("the subscription is not valid: " + detail, {{pointer, detail}});
}

void refuse_cursor(const std::string& topic, const std::string& cursor) {
  if (!cursor.empty()) throw wrong("/cursor", "'" + topic + "' has no past to go on from");
}

std::string place_of(const Document* filter) {
  const LiveFilter known(filter, {"place"});
  const Document* place = filter ? filter->find("place") : nullptr;
  if (!place || place->is_null()) return "";
  if (!place->string())
    throw wrong("/filter/place", "expected one text, e.g. \"workflows/order-confirmation\"");
  return *place->string();
}

}  // namespace

LiveHub::LiveHub(const ApiServices& services, LiveFeed::Threads threads)
    : services_(services),
      threads_(threads),
      events_log_(*services.journal),
      events_(events_log_, threads),
      executions_(services.executions ? std::make_unique<LiveFeed>(*services.executions, threads) : nullptr),
      metrics_log_(services_) {}

LiveHub::Opened LiveHub::subscribe(const std::string& topic, const Document* filter,
                                   const std::string& cursor, Receiver& receiver) {
  if (topic == "events") return {events_.subscribe(filter, cursor, receiver), ""};
  if (topic == "executions" && executions_) return {executions_->subscribe(filter, cursor, receiver), ""};
  if (topic == "metrics") {
    const LiveFilter none(filter, {});
    refuse_cursor(topic, cursor);
    return {metrics_.join(receiver), ""};
  }
  if (topic == "presence") {
    refuse_cursor(topic, cursor);
    const std::string place = place_of(filter);
    return {presence_.subscribe(place, receiver), presence_.json(place)};
  }
  throw wrong("/topic", "'" + topic + "' is not one of events, executions, metrics, presence");
}

void LiveHub::tick() {
  const auto now = services_.clock->steady();
  if (metrics_.empty() || measuring_ || now - measured_ < measure_every) return;
  measured_ = now;
  measure();
}

void LiveHub::measure() {
  measuring_ = threads_.worker([this] {
    auto metrics = std::make_shared<std::string>();
    try {
      metrics_log_.write(*metrics);
    } catch (const std::exception& error) {
      log::warning("the metrics could not be read for subscribers", {{"error", error.what()}});
      metrics->clear();
    }
    threads_.network([this, metrics] {
      measuring_ = false;
      if (metrics->empty()) return;
      std::string params;
      JsonObject json(params);
      json.text("subscription", metrics_.id());
      json.raw("metrics", *metrics);
      json.close();
      metrics_.offer(one_frame("metrics", params));
    });
  });
}

void LiveHub::stop() {
  events_.stop();
  if (executions_) executions_->stop();
}

}  // namespace rowhook
