// A numbered stream that many connections follow, each with its own filter and from its own place.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/guarded.h"
#include "web/server/live.h"

namespace rowhook {

// One notification of a stream. Immutable.
class LiveItem {
 public:
  virtual ~LiveItem() = default;
  virtual std::uint64_t number() const = 0;  // grows from item to item, beginning with 1
  virtual bool is(std::string_view name, std::string_view value) const = 0;  // for filters
  virtual void write(std::string& out) const = 0;                            // appends its JSON
};
using LiveItemPtr = std::shared_ptr<const LiveItem>;

// Where a stream's items are kept for a while. Thread safety: implementations are safe to share.
class LiveLog {
 public:
  virtual ~LiveLog() = default;
  virtual std::string_view topic() const = 0;   // "events": what clients subscribe to
  virtual std::string_view member() const = 0;  // "event": method of the notification and name of its item
  virtual std::vector<std::string_view> filters() const = 0;
  virtual std::uint64_t last() const = 0;  // number of the newest; 0 when there is none
  // Waits until there is an item with number >= from or the time is up; returns last().
  virtual std::uint64_t wait(std::uint64_t from, std::chrono::milliseconds time) = 0;
  // Items from that number on that are still kept, in order; some of them when they are many.
  virtual std::vector<LiveItemPtr> read(std::uint64_t from) = 0;
  // A cursor names the last number a client has seen. Throws InvalidInput (/cursor) for what is none of this
  // log's; `lost` is set when what it counts is not known here: the log was replaced or restored.
  virtual std::string cursor(std::uint64_t number) const = 0;
  virtual std::uint64_t number_of(const std::string& cursor, bool& lost) const = 0;
  // Whether something that came with or behind `from` is gone, given what read(from) found. May block.
  virtual bool has_hole(std::uint64_t from, const std::vector<LiveItemPtr>& found) const;
};

// Follows a log on a thread of its own and hands what is new to all subscriptions: filters and encodes once
// for all with the same filter. Whoever is behind, from the start or because its connection was slow, is
// brought up by reading the log for it, page by page as its connection takes them.
// Thread safety: subscribe() and what subscriptions do belong to the network thread, and so does what is
// posted to it, none of which may run once this is gone; stop() belongs to any other thread.
class LiveFeed {
 public:
  struct Threads {
    std::function<void(std::function<void()>)> network;  // runs it on the network thread
    std::function<bool(std::function<void()>)> worker;   // runs what may block; false when too much waits
  };
  LiveFeed(LiveLog& log, Threads threads);
  ~LiveFeed();  // stops
  LiveFeed(const LiveFeed&) = delete;
  LiveFeed& operator=(const LiveFeed&) = delete;

  // `cursor` "": from now on. Throws InvalidInput. The receiver must outlive the subscription; nothing is
  // offered before this returns.
  LiveSubscriptionPtr subscribe(const Document* filter, const std::string& cursor, Receiver& receiver);
  void stop();

 private:
  class Subscription;
  // All subscriptions with the same filter.
  struct Channel {
    std::string id;  // of the subscriptions, too: so that a frame is the same for all of them
    LiveFilter filter;
    std::vector<Subscription*> members;  // network thread only
  };
  using ChannelPtr = std::shared_ptr<Channel>;
  // A stretch [from, next) of the log, for each channel.
  struct Delivery {
    std::uint64_t from = 0, next = 0;
    std::vector<std::pair<ChannelPtr, FramesPtr>> frames;
  };
  struct State {
    std::vector<ChannelPtr> channels;
    std::uint64_t next = 0;    // read up to here
    std::uint64_t opened = 0;  // channels ever
    unsigned waiting = 0;      // deliveries the network thread has not taken yet
    bool stopping = false;
    std::thread thread;
  };
  void serve();
  Delivery next_delivery(std::uint64_t from);
  void deliver(const Delivery& delivery);
  std::pair<ChannelPtr, std::uint64_t> join(LiveFilter filter);
  void leave(const ChannelPtr& channel);
  FramesPtr encode(const Channel& channel, const std::vector<LiveItemPtr>& items,
                   std::vector<std::string>& texts) const;

  LiveLog& log_;
  Threads threads_;
  Guarded<State> state_;
  std::uint64_t live_next_ = 0;  // delivered up to here; network thread only
};

}  // namespace rowhook
