#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "web/server/live.h"

namespace rowhook {

// Subscriptions to something that has a state and no past: metrics, presence. Who was away gets the state as
// it is; a receiver that has no room misses one and gets the next. All share one id, so that a frame is the
// same for everybody. Thread safety: confined to the network thread; must outlive its subscriptions.
class LiveGroup {
 public:
  explicit LiveGroup(std::string id) : id_(std::move(id)) {}
  LiveSubscriptionPtr join(Receiver& receiver);
  const std::string& id() const { return id_; }
  bool empty() const { return members_.empty(); }
  void offer(const FramesPtr& frames) const;

 private:
  class Member;
  std::string id_;
  std::set<Member*> members_;
};

// A person, or a program, that is at a place of the page: "workflows/order-confirmation".
struct Present {
  std::string session, name, role, place, state;  // state: JSON, "null" for none
  std::int64_t since = 0;
};

// Who is where. Thread safety: confined to the network thread.
class Presence {
 public:
  // Everybody hears of it who subscribed to that place or to all of them. `who.place` "" leaves.
  void set(const Present& who);
  void leave(const std::string& session);
  // `place` "": everywhere. The state as it is comes with the answer to the request (json()).
  LiveSubscriptionPtr subscribe(const std::string& place, Receiver& receiver);
  std::string json(const std::string& place) const;  // [{"session","name","role","place","since","state"}]

 private:
  void tell(const std::string& place);
  LiveGroup& group(const std::string& place);

  std::map<std::string, Present> present_;                    // by session
  std::map<std::string, std::unique_ptr<LiveGroup>> groups_;  // by place
  std::uint64_t opened_ = 0;
};

}  // namespace rowhook
