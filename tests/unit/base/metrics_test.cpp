#include "engine/base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rowhook {
namespace {

TEST(Metrics, TheSameSeriesIsMadeOnce) {
  Metrics metrics;
  Counter& first = metrics.counter("rowhook_events_total", "Events journaled", {{"source", "shop"}});
  metrics.counter("rowhook_events_total", "Events journaled", {{"source", "shop"}}).add(2);
  metrics.counter("rowhook_events_total", "Events journaled", {{"source", "other"}}).add(5);
  EXPECT_EQ(first.value(), 2);
  EXPECT_THAT(metrics.text(), ::testing::HasSubstr("rowhook_events_total{source=\"shop\"} 2"));
}

TEST(Metrics, HistogramsHaveBuckets) {
  Metrics metrics;
  metrics.histogram("rowhook_commit_seconds", "Journal commits").observe(0.003);
  EXPECT_THAT(metrics.text(), ::testing::HasSubstr("rowhook_commit_seconds_bucket{le=\"0.005\"} 1"));
}

}  // namespace
}  // namespace rowhook
