// D29: a process that appends is killed at random moments, many times; another one goes on. What was
// acknowledged is there, in its place, once; positions never run ahead of events.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <random>
#include <sstream>

#include "engine/base/errors.h"
#include "engine/base/log.h"
#include "engine/journal/postgres_journal.h"
#include "engine/journal/sqlite_journal.h"
#include "tests/support/eventually.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/sample_events.h"

namespace rowhook::testing {
namespace {

using Open = std::function<std::unique_ptr<Journal>()>;

// The child: appends transactions of one to four changes, behind whatever the journal holds, and reports each
// acknowledged position through the pipe. Every transaction's number is its order; so the pattern says what
// must be there.
[[noreturn]] void append_until_killed(const Open& open, int report) {
  log::set_level(log::Level::off);
  const ShapePtr shape = orders_shape();
  const std::unique_ptr<Journal> journal = open();
  const std::string position = journal->resume("shop").position;
  std::uint64_t next = position.empty() ? 1 : std::stoull(position, nullptr, 16) + 1;
  if (next > 2) next -= 2;  // the last transactions are sent again, as a source may
  std::minstd_rand random(static_cast<unsigned>(::getpid()));
  for (;;) {
    Batch batch;
    const std::uint64_t last = next + random() % 20;
    for (std::uint64_t commit = next; commit <= last; ++commit)
      for (std::uint32_t ordinal = 0; ordinal <= commit % 4; ++ordinal)
        batch.events.push_back(order_inserted(shape, commit, ordinal, static_cast<std::int64_t>(commit)));
    batch.position = order_of(last);
    journal->append("shop", batch);
    if (::write(report, &last, sizeof last) != sizeof last) ::_exit(1);
    next = last + 1;
  }
}

// Starts a child, lets it acknowledge `appends` times, and kills it a random moment later.
std::uint64_t kill_one(const Open& open, unsigned appends, std::chrono::microseconds later) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    append_until_killed(open, ends[1]);
  }
  ::close(ends[1]);
  std::uint64_t acknowledged = 0, last = 0;
  for (unsigned i = 0; i < appends && ::read(ends[0], &last, sizeof last) == sizeof last; ++i)
    acknowledged = last;
  std::this_thread::sleep_for(later);  // the moment is what the test varies, not what it waits for
  ::kill(child, SIGKILL);
  while (::read(ends[0], &last, sizeof last) == sizeof last) acknowledged = last;
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
  return acknowledged;
}

void verify(Journal& journal, std::uint64_t acknowledged) {
  const std::string position = journal.resume("shop").position;
  const std::uint64_t journaled = position.empty() ? 0 : std::stoull(position, nullptr, 16);
  ASSERT_GE(journaled, acknowledged);
  std::uint64_t seq = 0, commit = 1;
  std::uint32_t ordinal = 0;
  for (auto events = journal.read(1, 1000, 4 << 20); !events.empty();
       events = journal.read(seq + 1, 1000, 4 << 20))
    for (const auto& event : events) {
      ASSERT_EQ(event->seq, ++seq);
      ASSERT_EQ(event->order, order_of(commit));
      ASSERT_EQ(event->ordinal, ordinal);
      ASSERT_EQ(event->id, make_event_id(*event->shape, event->order, event->ordinal));
      if (ordinal++ == commit % 4) {
        ordinal = 0;
        ++commit;
      }
    }
  ASSERT_EQ(seq, journal.last_seq());
  EXPECT_EQ(commit - 1, journaled);
  EXPECT_EQ(ordinal, 0U);
  if (journaled > 0) {
    const EventPtr last = journal.at(seq);
    ASSERT_NE(last, nullptr);
    EXPECT_EQ(journal.find(last->id)->seq, seq);
    EventFilter filter;
    filter.record_id = last->key;
    EXPECT_EQ(journal.list(filter).size(), journaled % 4 + 1);
  }
}

void rounds(const Open& open, int count, unsigned most_appends,
            const std::function<void(int)>& between = {}) {
  std::mt19937 random(29);
  std::uint64_t acknowledged = 0;
  for (int round = 0; round < count; ++round) {
    const auto later = std::chrono::microseconds{random() % 8000};
    acknowledged =
        std::max(acknowledged, kill_one(open, static_cast<unsigned>(random() % most_appends), later));
    if (between) between(round);
    const std::unique_ptr<Journal> journal = open();
    verify(*journal, acknowledged);
    if (::testing::Test::HasFatalFailure()) FAIL() << "round " << round;
  }
  EXPECT_GT(acknowledged, 100U);
}

TEST(JournalCrash, D29_SqliteKilledAtAnyMoment) {
  const TempDir directory;
  rounds(
      [&] {
        SqliteJournalOptions options;
        options.segment_events = 150;  // the kills also meet new segments and sealing
        options.log.housekeeping_interval = std::chrono::milliseconds{2};
        return open_sqlite_journal(directory / "journal", options, system_clock());
      },
      120, 12);
}

class PostgresCrash : public ::testing::Test {
 protected:
  void SetUp() override {
    url_ = cluster_.create_database("journal");
    std::ifstream file("db/migrations/postgres/0002_journal.up.sql");
    std::stringstream text;
    text << file.rdbuf();
    cluster_.sql(text.str(), "journal");
  }
  std::unique_ptr<Journal> open() const {
    PostgresJournalOptions options;
    options.min_partition_events = options.max_partition_events = 300;
    options.log.housekeeping_interval = std::chrono::milliseconds{10};
    return open_postgres_journal(url_, options, system_clock());
  }
  PostgresCluster cluster_{{"fsync", "on"}};
  std::string url_;
};

TEST_F(PostgresCrash, D29_TheEngineKilledAtAnyMoment) {
  rounds([&] { return open(); }, 20, 12);
}

TEST_F(PostgresCrash, D29_TheServerKilledUnderTheJournal) {
  log::set_level(log::Level::off);
  const std::unique_ptr<Journal> journal = open();
  const ShapePtr shape = orders_shape();
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> acknowledged{0};
  std::thread writer([&] {
    while (!stop) {
      const std::uint64_t next = acknowledged + 1;
      Batch batch = orders_batch(shape, next, next + 9);
      try {
        journal->append("shop", batch);
        acknowledged = next + 9;
      } catch (const TransientError&) {
        std::this_thread::sleep_for(std::chrono::milliseconds{5});  // back off, as an intake does
      }
    }
  });
  bool went_on = true;
  for (int round = 0; round < 4 && went_on; ++round) {
    const std::uint64_t before = acknowledged;
    went_on = eventually([&] { return acknowledged > before + 200; });
    cluster_.kill9();
    went_on = went_on && eventually([&] { return !journal->status().trouble.empty(); });
    cluster_.start();
  }
  const std::uint64_t before = acknowledged;
  went_on = went_on && eventually([&] { return acknowledged > before + 50; });
  stop = true;
  writer.join();
  log::set_level(log::Level::info);
  ASSERT_TRUE(went_on);
  EXPECT_EQ(journal->status().trouble, "");
  EXPECT_EQ(journal->last_seq(), acknowledged);
  std::uint64_t seq = 0;
  for (auto events = journal->read(1, 1000, 4 << 20); !events.empty();
       events = journal->read(seq + 1, 1000, 4 << 20))
    for (const auto& event : events) {
      ASSERT_EQ(event->seq, ++seq);
      ASSERT_EQ(event->order, order_of(seq));
    }
  EXPECT_EQ(seq, acknowledged);
}

TEST_F(PostgresCrash, OneEngineAtATime) {
  std::unique_ptr<Journal> first = open();
  EXPECT_THROW(open(), TransientError);
  first.reset();
  EXPECT_NO_THROW(open());
}

}  // namespace
}  // namespace rowhook::testing
