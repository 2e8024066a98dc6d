#include "tests/integration/capture_sqlite/capture.h"

#include <gtest/gtest.h>

#include "engine/capture/source_types.h"
#include "engine/event/json_writer.h"

namespace rowhook::testing {

User::User(const std::string& path, bool wal) {
  EXPECT_EQ(sqlite3_open(path.c_str(), &database_), SQLITE_OK);
  sqlite3_busy_timeout(database_, 10000);
  if (wal) run("PRAGMA journal_mode = WAL");
}
User::~User() { sqlite3_close(database_); }
void User::run(const std::string& sql) { EXPECT_EQ(refused(sql), "") << sql; }
std::string User::refused(const std::string& sql) {
  return sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK
             ? ""
             : sqlite3_errmsg(database_);
}
std::string User::text(const std::string& sql) {
  std::string result;
  sqlite3_stmt* statement = nullptr;
  EXPECT_EQ(sqlite3_prepare_v2(database_, sql.c_str(), -1, &statement, nullptr), SQLITE_OK)
      << sql << sqlite3_errmsg(database_);
  if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0))
    result = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
  sqlite3_finalize(statement);
  return result;
}

WatchedTable watch(const std::string& table) {
  WatchedTable watched;
  watched.table = table;
  return watched;
}

Capture::Capture(const std::string& path, std::vector<WatchedTable> tables) {
  settings.connection = "shop";
  settings.source = "shop";
  settings.type = "sqlite";
  settings.method = "triggers";
  settings.database = path;
  settings.tables = std::move(tables);
  settings.query_timeout = std::chrono::milliseconds{10000};
}

void Capture::open() {
  source_.reset();
  source_ = find_source_type("sqlite", "triggers")->make(settings);
  source_->open(resume);
  if (resume.position.empty()) step();
}

std::size_t Capture::step(std::chrono::milliseconds wait) {
  Batch batch = source_->read(wait);
  const std::size_t given = batch.events.size();
  for (auto& event : batch.events) {
    if (std::pair(event.order, event.ordinal) <= std::pair(resume.last_order, resume.last_ordinal)) {
      ++redelivered;
      continue;
    }
    resume.last_order = event.order;
    resume.last_ordinal = event.ordinal;
    events.push_back(std::move(event));
  }
  if (batch.state) resume.state = *batch.state;
  if (!batch.position) return given;
  EXPECT_GE(*batch.position, resume.position);
  resume.position = *batch.position;
  if (acknowledging) source_->acknowledge(resume.position);
  return given;
}

std::vector<Json> Capture::drain() {
  const std::size_t before = events.size();
  while (step() > 0) {
  }
  std::vector<Json> out;
  for (std::size_t i = before; i < events.size(); ++i) out.push_back(Json::parse(event_json(events[i])));
  return out;
}

bool Capture::until(std::size_t count) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (events.size() < count && std::chrono::steady_clock::now() < deadline) step();
  return events.size() >= count;
}

std::vector<std::string> Capture::summary(std::size_t from) const {
  std::vector<std::string> lines;
  for (std::size_t i = from; i < events.size(); ++i)
    lines.push_back(events[i].type.substr(events[i].type.find('_') + 1) + ' ' + events[i].key);
  return lines;
}

CaptureTest::CaptureTest(const std::string& sql, std::vector<WatchedTable> tables, bool wal)
    : path(directory / "shop.db"), user(path, wal), capture(path, std::move(tables)) {
  user.run(sql);
  capture.open();
}

}  // namespace rowhook::testing
