#pragma once

#include "web/server/live_feed.h"

namespace rowhook {

class Journal;

// The journal's events, by seq. Thread safety: safe to share.
class LiveEvents final : public LiveLog {
 public:
  explicit LiveEvents(Journal& journal) : journal_(journal) {}
  std::string_view topic() const override { return "events"; }
  std::string_view member() const override { return "event"; }
  std::vector<std::string_view> filters() const override;
  std::uint64_t last() const override;
  std::uint64_t wait(std::uint64_t from, std::chrono::milliseconds time) override;
  std::vector<LiveItemPtr> read(std::uint64_t from) override;
  std::string cursor(std::uint64_t number) const override { return std::to_string(number); }  // the seq
  std::uint64_t number_of(const std::string& cursor, bool& lost) const override;

 private:
  Journal& journal_;
};

}  // namespace rowhook
