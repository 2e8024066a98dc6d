#include "tests/conformance/journal/journal_factory.h"

#include <fstream>
#include <sstream>

#include "engine/journal/postgres_journal.h"
#include "engine/journal/sqlite_journal.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/temp_dir.h"

namespace rowhook::testing {
namespace {

constexpr auto often = std::chrono::milliseconds{20};

class SqliteFactory final : public JournalFactory {
 public:
  explicit SqliteFactory(const Clock& clock) : clock_(clock) {}
  std::unique_ptr<Journal> open(const Retention& retention, std::size_t recent_bytes) override {
    SqliteJournalOptions options;
    options.log = {retention, recent_bytes, often};
    options.segment_events = events_per_segment;
    return open_sqlite_journal(directory_ / "journal", options, clock_);
  }

 private:
  const Clock& clock_;
  TempDir directory_;
};

class PostgresFactory final : public JournalFactory {
 public:
  explicit PostgresFactory(const Clock& clock) : clock_(clock) {
    static int databases = 0;
    const std::string name = "journal_" + std::to_string(++databases);
    url_ = cluster().create_database(name);
    std::ifstream file("db/migrations/postgres/0002_journal.up.sql");
    std::stringstream text;
    text << file.rdbuf();
    cluster().sql(text.str(), name);
  }
  std::unique_ptr<Journal> open(const Retention& retention, std::size_t recent_bytes) override {
    PostgresJournalOptions options;
    options.log = {retention, recent_bytes, often};
    options.min_partition_events = options.max_partition_events = events_per_segment;
    return open_postgres_journal(url_, options, clock_);
  }

 private:
  // One server for the whole program, stopped before it ends.
  static PostgresCluster& cluster() {
    static PostgresCluster server;
    return server;
  }
  const Clock& clock_;
  std::string url_;
};

}  // namespace

std::unique_ptr<JournalFactory> make_journal_factory(const std::string& kind, const Clock& clock) {
  if (kind == "postgres") return std::make_unique<PostgresFactory>(clock);
  return std::make_unique<SqliteFactory>(clock);
}

}  // namespace rowhook::testing
