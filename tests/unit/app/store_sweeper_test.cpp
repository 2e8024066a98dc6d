#include "engine/app/store_sweeper.h"

#include <gtest/gtest.h>

#include "engine/store/store.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace rowhook::testing {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

Execution ended(std::uint64_t seq, ExecutionStatus status, Micros at) {
  Execution execution;
  execution.id = std::to_string(seq) + "-1";
  execution.trigger_id = 1;
  execution.trigger_revision = 1;
  execution.workflow_id = "w";
  execution.event_id = "e" + std::to_string(seq);
  execution.seq = seq;
  execution.source = "shop";
  execution.event_type = "order_placed";
  execution.key = "null";
  execution.status = status;
  execution.attempt = 1;
  execution.created_at = execution.started_at = execution.finished_at = at;
  execution.steps = "[]";
  return execution;
}

TEST(StoreSweeper, DropsWhatIsOlderThanEventsAreKeptAsTimePasses) {
  TempDir dir;
  FakeClock clock;
  const auto store = open_store("sqlite", dir.path().string(), true, clock);
  const Micros day = Micros{24} * 3600 * 1'000'000;
  store->executions().write({ended(1, ExecutionStatus::completed, clock.now() - 8 * day),
                             ended(2, ExecutionStatus::dead_letter, clock.now() - 8 * day),
                             ended(3, ExecutionStatus::completed, clock.now() - 6 * day)},
                            10);
  StoreSweeper sweeper(*store, clock, hours{24 * 7}, milliseconds{5});
  sweeper.start();
  const auto kept = [&] { return store->executions().list({}).size(); };
  EXPECT_TRUE(eventually([&] { return kept() == 2; }));
  EXPECT_TRUE(store->executions().find("3-1"));
  clock.advance(hours{48});
  EXPECT_TRUE(eventually([&] { return kept() == 1; }));
  EXPECT_TRUE(store->executions().find("2-1")) << "a dead letter stays until somebody decides";
  sweeper.stop();
}

}  // namespace
}  // namespace rowhook::testing
