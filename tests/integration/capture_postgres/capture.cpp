#include "tests/integration/capture_postgres/capture.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

#include "engine/base/errors.h"
#include "engine/capture/source_types.h"
#include "engine/event/json_writer.h"
#include "tests/support/eventually.h"

namespace rowhook::testing {

PostgresCluster& shared_cluster() {
  static PostgresCluster cluster;
  return cluster;
}

WatchedTable watch(const std::string& table) {
  WatchedTable watched;
  watched.table = table;
  return watched;
}

Capture::Capture(PostgresCluster& cluster, const std::string& database, std::vector<WatchedTable> tables)
    : cluster_(cluster) {
  settings.connection = database;
  settings.source = database;
  settings.type = "postgresql";
  settings.method = "log_based";
  settings.host = "127.0.0.1";
  settings.port = cluster.port();
  settings.database = database;
  settings.username = "postgres";
  settings.tables = std::move(tables);
}

Capture::~Capture() = default;

void Capture::open() {
  source_.reset();
  source_ = find_source_type("postgresql", "log_based")->make(settings);
  for (int tries = 0;; ++tries) {
    try {
      return source_->open(resume);
    } catch (const TransientError& error) {
      if (std::string(error.what()).find("is in use") == std::string::npos || tries > 500) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
  }
}

void Capture::step() {
  Batch batch = source_->read(std::chrono::milliseconds{50});
  for (Event& event : batch.events) {
    if (std::pair(event.order, event.ordinal) <= std::pair(resume.last_order, resume.last_ordinal) &&
        !resume.last_order.empty()) {
      ++redelivered;
      continue;
    }
    resume.last_order = event.order;
    resume.last_ordinal = event.ordinal;
    events.push_back(std::move(event));
  }
  if (batch.state) resume.state = *batch.state;
  if (batch.position) {
    EXPECT_GE(*batch.position, resume.position);
    resume.position = *batch.position;
    if (acknowledging) source_->acknowledge(resume.position);
  }
}

bool Capture::until_holds(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    step();
  }
  return true;
}

void Capture::until(std::size_t count) {
  EXPECT_TRUE(until_holds([&] { return events.size() >= count; }))
      << "got " << events.size() << " of " << count << " events";
}

std::vector<Event> Capture::drain() {
  cluster_.sql("INSERT INTO rowhook_marker VALUES (" + std::to_string(++markers_) + ")", settings.database);
  const std::string key = std::to_string(markers_);
  const auto is_marker = [&](const Event& event) { return event.shape->table == "rowhook_marker"; };
  const auto arrived = [&] {
    return std::any_of(events.begin(), events.end(),
                       [&](const Event& e) { return is_marker(e) && e.key == key; });
  };
  EXPECT_TRUE(until_holds(arrived)) << "the marker row did not arrive";
  std::vector<Event> all = std::move(events);
  events.clear();
  all.erase(std::remove_if(all.begin(), all.end(), is_marker), all.end());
  return all;
}

Json Capture::json(std::size_t index) const { return Json::parse(event_json(events.at(index))); }

std::string CaptureTest::make_database(PostgresCluster& cluster, const std::string& sql,
                                       const std::string& options) {
  static int number = 0;
  const std::string name = "capture_" + std::to_string(++number);
  cluster.create_database(name, options);
  cluster.sql("CREATE TABLE rowhook_marker(id int PRIMARY KEY)", name);
  cluster.sql(sql, name);
  return name;
}

CaptureTest::CaptureTest(const std::string& sql, std::vector<WatchedTable> tables, const std::string& options)
    : cluster(shared_cluster()),
      database(make_database(cluster, sql, options)),
      capture(cluster, database, std::move(tables)) {
  WatchedTable marker = watch("rowhook_marker");
  marker.updates = marker.deletes = false;
  capture.settings.tables.push_back(marker);
}

CaptureTest::~CaptureTest() {
  capture.close();
  try {
    find_source_type("postgresql", "log_based")->remove(capture.settings);
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
  }
}

}  // namespace rowhook::testing
