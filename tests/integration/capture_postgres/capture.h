// What the tests of capture from PostgreSQL share: one server per test program, a database per test, and an
// intake in memory.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/capture/source.h"
#include "tests/support/postgres_cluster.h"

namespace rowhook::testing {

using Json = nlohmann::json;

PostgresCluster& shared_cluster();  // made at first use, lives until the program ends

WatchedTable watch(const std::string& table);  // all events

// A source and the journal's part of the contract: keeps events and Resume, ignores redeliveries,
// acknowledges.
class Capture {
 public:
  // Connects to `database` of `cluster` as the superuser.
  Capture(PostgresCluster& cluster, const std::string& database, std::vector<WatchedTable> tables);
  ~Capture();

  SourceSettings settings;
  Resume resume;
  std::vector<Event> events;
  std::size_t redelivered = 0;
  bool acknowledging = true;

  // (Re)opens with `resume`; while the slot is still held by a connection that just ended, tries again.
  void open();
  void close() { source_.reset(); }
  Source& source() { return *source_; }
  // One read() of up to 50 ms, taken as the journal would.
  void step();
  // Reads until `count` events were captured in all; fails the test after 30 s.
  void until(std::size_t count);
  bool until_holds(const std::function<bool()>& holds);
  // Waits for a marker row that is written now: then everything before it has arrived. Returns the events but
  // for the marker. The table rowhook_marker(id) must be watched: see with_marker().
  std::vector<Event> drain();
  Json json(std::size_t index) const;  // event `index` as JSON

 private:
  PostgresCluster& cluster_;
  std::unique_ptr<Source> source_;
  int markers_ = 0;
};

// A fresh database named after the running test, with `sql` run in it and a table rowhook_marker; watches
// `tables` and the marker.
class CaptureTest {
 public:
  explicit CaptureTest(const std::string& sql, std::vector<WatchedTable> tables,
                       const std::string& options = {});
  ~CaptureTest();
  SqlRows sql(const std::string& text) { return cluster.sql(text, database); }
  std::string value(const std::string& text) { return cluster.value(text, database); }
  PostgresCluster& cluster;
  std::string database;
  Capture capture;

 private:
  static std::string make_database(PostgresCluster& cluster, const std::string& sql,
                                   const std::string& options);
};

}  // namespace rowhook::testing
