#pragma once

#include <memory>
#include <string>

#include "web/server/live_events.h"
#include "web/server/live_executions.h"
#include "web/server/live_feed.h"
#include "web/server/live_group.h"
#include "web/server/live_metrics.h"
#include "web/server/services.h"

namespace rowhook {

// Everything that can be subscribed to. Must outlive all subscriptions and what it posts to the network
// thread. Thread safety: confined to the network thread, but for stop().
class LiveHub {
 public:
  LiveHub(const ApiServices& services, LiveFeed::Threads threads);

  struct Opened {
    LiveSubscriptionPtr subscription;
    std::string state;  // JSON of what is now, for topics without a cursor; "" for the others
  };
  // Throws InvalidInput with pointers into {topic, filter, cursor}.
  Opened subscribe(const std::string& topic, const Document* filter, const std::string& cursor,
                   Receiver& receiver);
  Presence& presence() { return presence_; }
  // To be called a few times a second: sends the metrics when a second has passed.
  void tick();
  void stop();  // ends the threads; blocks for up to 100 ms

 private:
  void measure();

  const ApiServices& services_;
  LiveFeed::Threads threads_;
  LiveEvents events_log_;
  LiveFeed events_;
  std::unique_ptr<LiveFeed> executions_;
  LiveMetrics metrics_log_;
  LiveGroup metrics_{"metrics"};
  Presence presence_;
  std::chrono::steady_clock::time_point measured_{};
  bool measuring_ = false;
};

}  // namespace rowhook
