#include "tests/conformance/journal/journal_factory.h"

#include "engine/journal/sqlite_journal.h"
#include "tests/support/temp_dir.h"

namespace rowhook::testing {
namespace {

class SqliteFactory final : public JournalFactory {
 public:
  explicit SqliteFactory(const Clock& clock) : clock_(clock) {}
  std::unique_ptr<Journal> open(const Retention& retention, std::size_t recent_bytes) override {
    SqliteJournalOptions options;
    options.log = {retention, recent_bytes, std::chrono::milliseconds{20}};
    options.segment_events = events_per_segment;
    return open_sqlite_journal(directory_.path().string(), options, clock_);
  }

 private:
  const Clock& clock_;
  TempDir directory_;
};

}  // namespace

std::unique_ptr<JournalFactory> make_journal_factory(const std::string&, const Clock& clock) {
  return std::make_unique<SqliteFactory>(clock);
}

}  // namespace rowhook::testing
