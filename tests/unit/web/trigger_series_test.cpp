#include "web/server/trigger_series.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/fake_clock.h"

namespace rowhook::testing {
namespace {

using std::chrono::seconds;
using Shown = TriggerSeries::Shown;

Execution ended(std::int64_t trigger_id, ExecutionStatus status, double milliseconds = 1) {
  Execution execution;
  execution.id = "9-" + std::to_string(trigger_id);
  execution.trigger_id = trigger_id;
  execution.status = status;
  execution.execution_time_ms = milliseconds;
  execution.finished_at = 1'754'388'000'000'000;
  if (status != ExecutionStatus::completed) execution.error_message = "HTTP 503\nfrom the far end";
  return execution;
}

std::vector<Shown> all(const TriggerSeries& series) {
  std::vector<Shown> shown;
  series.each([&](const Shown& one) { shown.push_back(one); });
  return shown;
}

TEST(TriggerSeries, CountsEachTriggerInStepsOfTenSeconds) {
  FakeClock clock;
  TriggerSeries series(clock);
  for (int i = 0; i < 3; ++i) series.add(ended(7, ExecutionStatus::completed, 2));
  clock.advance(seconds{25});
  series.add(ended(7, ExecutionStatus::retrying, 40));
  series.add(ended(8, ExecutionStatus::completed));
  const auto shown = all(series);
  ASSERT_EQ(shown.size(), 2U);
  EXPECT_EQ(shown[0].trigger_id, 7);
  ASSERT_EQ(shown[0].completed.size(), TriggerSeries::steps);
  EXPECT_EQ(shown[0].completed[57], 3U);
  EXPECT_EQ(shown[0].completed[59], 0U);
  EXPECT_EQ(shown[0].failed[59], 1U);
  EXPECT_FALSE(shown[0].p99_ms[58].has_value());
  EXPECT_GE(shown[0].p99_ms[57].value(), 2);
  EXPECT_LE(shown[0].p99_ms[57].value(), 2.26);
  EXPECT_GE(shown[0].p99_ms[59].value(), 40) << "the step under way is shown as well";
  EXPECT_EQ(shown[0].from, clock.now() / 10'000'000 * 10'000'000 - 590'000'000);
  EXPECT_EQ(shown[1].completed[59], 1U);
}

TEST(TriggerSeries, ForgetsWhatIsTenMinutesOldButNotTheLastFailure) {
  FakeClock clock;
  TriggerSeries series(clock);
  series.add(ended(1, ExecutionStatus::completed));
  series.add(ended(2, ExecutionStatus::dead_letter));
  clock.advance(seconds{590});
  EXPECT_EQ(all(series)[0].completed[0], 1U);
  clock.advance(seconds{10});
  const auto shown = all(series);
  ASSERT_EQ(shown.size(), 1U) << "trigger 1 has nothing to show any more";
  EXPECT_EQ(shown[0].failed, std::vector<std::uint32_t>(60, 0));
  EXPECT_EQ(shown[0].last_failure->message, "HTTP 503");
  EXPECT_TRUE(shown[0].last_failure->dead_letter);
  clock.advance(-seconds{3600});
  series.add(ended(2, ExecutionStatus::completed));
  EXPECT_EQ(all(series)[0].completed[59], 1U) << "a clock that went back loses nothing";
}

TEST(TriggerSeries, PassesOverRunsByHandAndWhatWasCancelled) {
  FakeClock clock;
  TriggerSeries series(clock);
  series.add(ended(0, ExecutionStatus::completed));
  series.add(ended(3, ExecutionStatus::cancelled));
  EXPECT_TRUE(all(series).empty());
}

TEST(TriggerSeries, RecallsTheNewestFailureFromBefore) {
  FakeClock clock;
  TriggerSeries series(clock);
  Execution older = ended(4, ExecutionStatus::dead_letter);
  Execution newer = older;
  newer.finished_at += 5;
  newer.error_message = std::string(499, 'x') + "\u00e9" + "more";
  series.recall(newer);
  series.recall(older);
  const auto shown = all(series);
  ASSERT_EQ(shown.size(), 1U);
  EXPECT_EQ(shown[0].last_failure->message, std::string(499, 'x'))
      << "cut before the character, not inside it";
  EXPECT_EQ(shown[0].completed, std::vector<std::uint32_t>(60, 0));
}

TEST(TriggerSeries, KeepsAsManyTriggersAsItSaysAndDropsTheOneThatWasSilentLongest) {
  FakeClock clock;
  TriggerSeries series(clock);
  constexpr auto most = static_cast<std::int64_t>(TriggerSeries::most_triggers);
  for (std::int64_t id = 1; id <= most; ++id) {
    series.add(ended(id, ExecutionStatus::completed));
    clock.advance(std::chrono::microseconds{1});
  }
  series.add(ended(1, ExecutionStatus::completed));
  clock.advance(std::chrono::microseconds{1});
  series.add(ended(most + 1, ExecutionStatus::completed));
  const auto shown = all(series);
  EXPECT_EQ(shown.size(), TriggerSeries::most_triggers);
  EXPECT_EQ(shown[0].trigger_id, 1);
  EXPECT_EQ(shown[1].trigger_id, 3);
}

TEST(TriggerSeries, IsWrittenAsTheApiShowsIt) {
  FakeClock clock;
  TriggerSeries series(clock);
  series.add(ended(5, ExecutionStatus::dead_letter, 0));
  std::string text;
  write_trigger_series(text, all(series)[0]);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["trigger_id"], 5);
  EXPECT_EQ(json["step_seconds"], 10);
  EXPECT_EQ(json["failed"][59], 1);
  EXPECT_TRUE(json["p99_ms"][58].is_null());
  EXPECT_EQ(json["p99_ms"][59], 0);
  EXPECT_EQ(json["last_failure"], nlohmann::json({{"execution_id", "9-5"},
                                                  {"message", "HTTP 503"},
                                                  {"at", "2025-08-05T10:00:00.000000Z"},
                                                  {"dead_letter", true}}));
}

}  // namespace
}  // namespace rowhook::testing
