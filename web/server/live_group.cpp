#include "web/server/live_group.h"

#include "web/server/call.h"

namespace rowhook {

class LiveGroup::Member final : public LiveSubscription {
 public:
  Member(LiveGroup& group, Receiver& receiver) : group_(group), receiver_(receiver) {
    group_.members_.insert(this);
  }
  ~Member() override { group_.members_.erase(this); }
  const std::string& id() const override { return group_.id_; }
  std::string cursor() const override { return ""; }
  void take_back(const Frames&, std::size_t) override {}
  void offer(const FramesPtr& frames) { receiver_.offer(*this, frames, 0); }

 private:
  LiveGroup& group_;
  Receiver& receiver_;
};

LiveSubscriptionPtr LiveGroup::join(Receiver& receiver) { return std::make_shared<Member>(*this, receiver); }

void LiveGroup::offer(const FramesPtr& frames) const {
  for (Member* member : members_) member->offer(frames);
}

void Presence::set(const Present& who) {
  const auto known = present_.find(who.session);
  const std::string before = known == present_.end() ? "" : known->second.place;
  if (who.place.empty()) {
    present_.erase(who.session);
  } else {
    const bool stays = before == who.place;
    const std::int64_t since = stays ? known->second.since : who.since;
    present_[who.session] = who;
    present_[who.session].since = since;
    tell(who.place);
  }
  if (!before.empty() && before != who.place) tell(before);
}

void Presence::leave(const std::string& session) {
  const auto known = present_.find(session);
  if (known == present_.end()) return;
  const std::string place = known->second.place;
  present_.erase(known);
  tell(place);
}

LiveGroup& Presence::group(const std::string& place) {
  auto& group = groups_[place];
  if (!group) group = std::make_unique<LiveGroup>("presence-" + std::to_string(++opened_));
  return *group;
}

LiveSubscriptionPtr Presence::subscribe(const std::string& place, Receiver& receiver) {
  std::erase_if(groups_, [](const auto& entry) { return entry.second->empty(); });
  return group(place).join(receiver);
}

std::string Presence::json(const std::string& place) const {
  std::string out = "[";
  for (const auto& [session, present] : present_) {
    if (!place.empty() && present.place != place) continue;
    if (out.size() > 1) out += ',';
    JsonObject json(out);
    json.text("session", present.session);
    json.text("name", present.name);
    json.text("role", present.role);
    json.text("place", present.place);
    json.time("since", present.since);
    json.raw("state", present.state);
    json.close();
  }
  return out + "]";
}

void Presence::tell(const std::string& changed) {
  for (const auto& place : {changed, std::string()}) {
    const auto found = groups_.find(place);
    if (found == groups_.end() || found->second->empty()) continue;
    std::string params;
    JsonObject json(params);
    json.text("subscription", found->second->id());
    json.text("place", changed);
    json.raw("present", this->json(changed));
    json.close();
    found->second->offer(one_frame("presence", params));
  }
}

}  // namespace rowhook
