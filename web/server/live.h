// What WebSocket clients subscribe to. Everything here is confined to the network thread unless it says
// otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/event/document.h"

namespace rowhook {

// Notifications that were encoded once for all who get them: WebSocket frames one behind the other.
// Immutable once shared.
struct Frames {
  std::string bytes;
  // The number of each notification and where its frame begins; ascending. Empty where there are no numbers.
  std::vector<std::pair<std::uint64_t, std::size_t>> places;

  void add(std::string_view method, std::string_view params_json, std::uint64_t number = 0);
  // Where the first notification with that number or a later one begins; bytes.size() when there is none.
  std::size_t offset_of(std::uint64_t number) const;
};
using FramesPtr = std::shared_ptr<const Frames>;
FramesPtr one_frame(std::string_view method, std::string_view params_json);

class LiveSubscription;

// A connection that gets notifications.
class Receiver {
 public:
  virtual ~Receiver() = default;
  // Queues the frames from `offset` on. False when too much waits already; then nothing was queued, and
  // LiveSubscription::go_on() is called when there is room again.
  virtual bool offer(const LiveSubscription& subscription, const FramesPtr& frames, std::size_t offset) = 0;
};

// One subscription of one connection; ends with its destruction. After a reconnect, the cursor of the last
// notification that arrived goes on where it was.
class LiveSubscription {
 public:
  virtual ~LiveSubscription() = default;
  virtual const std::string& id() const = 0;
  // Everything up to here was handed to the receiver.
  virtual std::string cursor() const = 0;
  // There is room again behind a refused offer.
  virtual void go_on() {}
  // How many notifications, at most, the receiver is behind what happened.
  virtual std::uint64_t behind() const { return 0; }
  // Frames that were queued, from this offset on, are not going to be sent: the cursor goes back before them.
  virtual void take_back(const Frames& frames, std::size_t offset) = 0;
};
using LiveSubscriptionPtr = std::shared_ptr<LiveSubscription>;

// Conditions of a subscription: every name holds one of its values.
// Thread safety: immutable.
class LiveFilter {
 public:
  // Reads {"table": "orders", "event_type": ["record_inserted", "record_updated"]}. Throws InvalidInput with
  // pointers below /filter for names that are not among `known` and for values that are not scalars.
  LiveFilter(const Document* filter, const std::vector<std::string_view>& known);
  const std::string& text() const { return text_; }  // the same for equal conditions
  // `is(name, value)` says whether the thing at hand has that value there.
  template <typename Is>
  bool holds(const Is& is) const {
    for (const auto& [name, values] : conditions_) {
      bool any = false;
      for (const auto& value : values) any = any || is(name, value);
      if (!any) return false;
    }
    return true;
  }

 private:
  std::vector<std::pair<std::string, std::vector<std::string>>> conditions_;
  std::string text_;
};

}  // namespace rowhook
