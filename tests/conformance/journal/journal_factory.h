// One suite for every journal: makes empty ones, and opens them again.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "engine/journal/journal.h"
#include "tests/support/fake_clock.h"

namespace rowhook::testing {

// Small segments, so that a handful of events spans several.
inline constexpr std::uint64_t events_per_segment = 40;

class JournalFactory {
 public:
  virtual ~JournalFactory() = default;
  virtual std::unique_ptr<Journal> open(const Retention& retention, std::size_t recent_bytes) = 0;
};
std::unique_ptr<JournalFactory> make_journal_factory(const std::string& kind, const Clock& clock);

// GetParam(): "sqlite", "postgres".
class JournalConformance : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    factory_ = make_journal_factory(GetParam(), clock_);
    reopen();
  }
  void reopen() {
    journal_.reset();
    journal_ = factory_->open(retention_, recent_bytes_);
  }
  Journal& journal() { return *journal_; }

  FakeClock clock_;
  Retention retention_;
  std::size_t recent_bytes_ = 1 << 20;
  std::unique_ptr<JournalFactory> factory_;
  std::unique_ptr<Journal> journal_;
};

}  // namespace rowhook::testing
