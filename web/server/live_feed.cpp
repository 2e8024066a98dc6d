#include "web/server/live_feed.h"

#include <pthread.h>

#include <algorithm>

#include "engine/base/errors.h"
#include "engine/base/log.h"
#include "engine/event/json_writer.h"
#include "web/server/call.h"

namespace rowhook {
namespace {

using std::chrono::milliseconds;

// Deliveries that may wait for the network thread: while it is busy, the next one grows instead.
constexpr unsigned max_waiting = 4;
// The longest the thread looks away: how late stop() is noticed.
constexpr milliseconds glance{100};

}  // namespace

// What a receiver has got: everything below next_. It is live when it has got all that was delivered before
// it joined, and from then on gets deliveries; else it reads the log itself until it has.
class LiveFeed::Subscription final : public LiveSubscription,
                                     public std::enable_shared_from_this<LiveFeed::Subscription> {
 public:
  Subscription(LiveFeed& feed, Receiver& receiver, ChannelPtr channel, std::uint64_t next,
               std::uint64_t joined)
      : feed_(feed), receiver_(receiver), channel_(std::move(channel)), next_(next), joined_(joined) {
    channel_->members.push_back(this);
    live_ = caught_up();
  }
  ~Subscription() override {
    std::erase(channel_->members, this);
    if (channel_->members.empty()) feed_.leave(channel_);
  }
  const std::string& id() const override { return channel_->id; }
  std::string cursor() const override { return feed_.log_.cursor(next_ - 1); }
  std::uint64_t behind() const override {
    const std::uint64_t last = feed_.log_.last();
    return last >= next_ ? last - next_ + 1 : 0;
  }
  void take_back(const Frames& frames, std::size_t offset) override {
    live_ = false;
    for (const auto& [number, place] : frames.places)
      if (place >= offset) {
        next_ = std::min(next_, number);
        return;
      }
  }
  void go_on() override {
    if (!live_ && !reading_) read();
  }

  void take(const FramesPtr& frames, std::uint64_t from, std::uint64_t next) {
    if (!live_) return;
    if (from > next_) {  // the log dropped what is between: reading it says so
      live_ = false;
      return go_on();
    }
    const std::size_t offset = frames ? frames->offset_of(next_) : 0;
    if (frames && offset < frames->bytes.size() && !receiver_.offer(*this, frames, offset)) {
      live_ = false;
      return;
    }
    next_ = std::max(next_, next);
  }

  // What was lost before the log's first item: the client hears it first.
  void lost(const std::string& from, const std::string& why) {
    std::string params;
    JsonObject json(params);
    json.text("subscription", id());
    json.text("cursor", from);
    json.text("reason", why);
    json.close();
    receiver_.offer(*this, one_frame("missed", params), 0);
  }

 private:
  bool caught_up() const { return next_ >= std::max(joined_, feed_.live_next_); }

  struct Page {
    std::uint64_t next = 0;
    bool lost = false;
    FramesPtr frames;
    std::string trouble;
  };

  static Page make_page(LiveFeed& feed, const Channel& channel, std::uint64_t from) {
    Page page;
    page.next = from;
    try {
      const std::uint64_t last = feed.log_.last();
      const auto items = feed.log_.read(from);
      page.lost = feed.log_.has_hole(from, items);
      page.next = items.empty() ? last + 1 : items.back()->number() + 1;
      std::vector<std::string> texts(items.size());
      page.frames = feed.encode(channel, items, texts);
    } catch (const std::exception& error) {
      page.trouble = error.what();
    }
    return page;
  }

  void read() {
    reading_ = true;
    const bool taken =
        feed_.threads_.worker([weak = weak_from_this(), &feed = feed_, channel = channel_, from = next_] {
          auto page = std::make_shared<Page>(make_page(feed, *channel, from));
          feed.threads_.network([weak, page, from] {
            if (const auto self = weak.lock()) self->arrived(from, *page);
          });
        });
    if (!taken) reading_ = false;  // go_on() comes again
  }

  void arrived(std::uint64_t from, const Page& page) {
    reading_ = false;
    if (!page.trouble.empty() || from != next_) {
      if (!page.trouble.empty())
        log::warning("the log could not be read for a subscriber", {{"error", page.trouble}});
      return;  // go_on() comes again
    }
    if (page.lost) lost(cursor(), "the engine does not have it any more: retention has dropped it");
    if (page.frames && !receiver_.offer(*this, page.frames, 0)) return;
    next_ = std::max(next_, page.next);
    live_ = caught_up();
    if (!live_) read();
  }

  LiveFeed& feed_;
  Receiver& receiver_;
  ChannelPtr channel_;
  std::uint64_t next_, joined_;
  bool live_ = false, reading_ = false;
};

bool LiveLog::has_hole(std::uint64_t from, const std::vector<LiveItemPtr>& found) const {
  return found.empty() ? last() >= from : found.front()->number() > from;
}

LiveFeed::LiveFeed(LiveLog& log, Threads threads) : log_(log), threads_(std::move(threads)) {}

LiveFeed::~LiveFeed() { stop(); }

LiveSubscriptionPtr LiveFeed::subscribe(const Document* filter, const std::string& cursor,
                                        Receiver& receiver) {
  bool lost = false;
  const std::uint64_t next = (cursor.empty() ? log_.last() : log_.number_of(cursor, lost)) + 1;
  auto [channel, joined] = join(LiveFilter(filter, log_.filters()));
  auto subscription = std::make_shared<Subscription>(*this, receiver, channel, next, joined);
  // The answer to the request goes first: what the past holds comes from the next turn of the network thread.
  threads_.network([weak = std::weak_ptr(subscription), cursor, lost] {
    const auto self = weak.lock();
    if (!self) return;
    if (lost)
      self->lost(cursor,
                 "the engine does not know what this cursor counts: its store was replaced or restored");
    self->go_on();
  });
  return subscription;
}

std::pair<LiveFeed::ChannelPtr, std::uint64_t> LiveFeed::join(LiveFilter filter) {
  const std::uint64_t last = log_.last();
  auto joined = state_.with([&](State& state) {
    for (const auto& channel : state.channels)
      if (channel->filter.text() == filter.text()) return std::make_pair(channel, state.next);
    if (state.channels.empty()) state.next = std::max(state.next, last + 1);
    const std::string id = std::string(log_.topic()) + "-" + std::to_string(++state.opened);
    state.channels.push_back(std::make_shared<Channel>(Channel{id, std::move(filter), {}}));
    if (!state.thread.joinable() && !state.stopping) state.thread = std::thread([this] { serve(); });
    return std::make_pair(state.channels.back(), state.next);
  });
  state_.notify();
  return joined;
}

void LiveFeed::leave(const ChannelPtr& channel) {
  state_.with([&](State& state) { std::erase(state.channels, channel); });
}

void LiveFeed::stop() {
  std::thread thread = state_.with([](State& state) {
    state.stopping = true;
    return std::move(state.thread);
  });
  state_.notify();
  if (thread.joinable()) thread.join();
}

FramesPtr LiveFeed::encode(const Channel& channel, const std::vector<LiveItemPtr>& items,
                           std::vector<std::string>& texts) const {
  std::shared_ptr<Frames> frames;
  std::string params;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const LiveItem& item = *items[i];
    if (!channel.filter.holds([&](const auto& name, const auto& value) { return item.is(name, value); }))
      continue;
    if (texts[i].empty()) item.write(texts[i]);
    params.clear();
    JsonObject json(params);
    json.text("subscription", channel.id);
    json.text("cursor", log_.cursor(item.number()));
    json.raw(log_.member(), texts[i]);
    json.close();
    if (!frames) frames = std::make_shared<Frames>();
    frames->add(log_.member(), params, item.number());
  }
  return frames;
}

LiveFeed::Delivery LiveFeed::next_delivery(std::uint64_t from) {
  const std::vector<LiveItemPtr> items = log_.read(from);
  // Nothing at all although there was something: it was dropped, and who followed reads on for itself.
  Delivery delivery{log_.last() + 1, log_.last() + 1, {}};
  if (!items.empty()) delivery = {items.front()->number(), items.back()->number() + 1, {}};
  // Who joins from here on reads what is in this delivery for itself.
  const auto channels = state_.with([&](State& state) {
    state.next = delivery.next;
    return state.channels;
  });
  std::vector<std::string> texts(items.size());
  for (const auto& channel : channels) delivery.frames.emplace_back(channel, encode(*channel, items, texts));
  return delivery;
}

void LiveFeed::serve() {
  pthread_setname_np(pthread_self(), ("rowhook-" + std::string(log_.topic())).substr(0, 15).c_str());
  for (;;) {
    std::uint64_t from = 0;
    {
      auto state = state_.lock();
      state.wait(
          [&] { return state->stopping || (!state->channels.empty() && state->waiting < max_waiting); });
      if (state->stopping) return;
      from = state->next;
    }
    if (log_.wait(from, glance) < from) continue;
    try {
      Delivery delivery = next_delivery(from);
      state_.with([](State& state) { state.waiting += 1; });
      threads_.network([this, delivery = std::move(delivery)] { deliver(delivery); });
    } catch (const Error& error) {
      log::warning("the log could not be read for subscribers",
                   {{"topic", log_.topic()}, {"error", error.what()}});
      auto state = state_.lock();
      state.wait_for(glance, [&] { return state->stopping; });
    }
  }
}

void LiveFeed::deliver(const Delivery& delivery) {
  live_next_ = std::max(live_next_, delivery.next);
  for (const auto& [channel, frames] : delivery.frames)
    for (Subscription* member : channel->members) member->take(frames, delivery.from, delivery.next);
  state_.with([](State& state) { state.waiting -= 1; });
  state_.notify();
}

}  // namespace rowhook
