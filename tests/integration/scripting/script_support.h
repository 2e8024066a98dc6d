#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "engine/event/json_writer.h"
#include "scripting/script_engine.h"

namespace rowhook::testing {

struct Cell {
  std::string name;
  ValueKind kind = ValueKind::text;
  std::string text;
};

inline std::string encode(const std::vector<Cell>& cells) {
  RowWriter row;
  for (const auto& cell : cells) row.add(cell.kind, cell.text);
  return row.take();
}

// An event over a table `orders` whose columns are those of the new row (or of the old one, when there is no
// new one).
inline EventPtr make_event(const std::vector<Cell>& new_row, const std::vector<Cell>& old_row = {},
                           const std::string& id = "shop:01:0") {
  Shape shape;
  shape.source = "shop";
  shape.connection = "shop";
  shape.method = "log_based";
  shape.database = "myapp";
  shape.schema = "public";
  shape.table = "orders";
  shape.tags = {"critical"};
  for (const auto& cell : new_row.empty() ? old_row : new_row)
    shape.columns.push_back({cell.name, "text", cell.name == "id"});
  auto event = std::make_shared<Event>();
  event->seq = 4711;
  event->id = id;
  event->type = old_row.empty()   ? event_type::inserted
                : new_row.empty() ? event_type::deleted
                                  : event_type::updated;
  event->order = "01";
  event->position = "0/16B3748";
  event->transaction_id = "7341";
  event->timestamp = 1'754'388'000'123'456;
  event->captured_at = 1'754'388'001'000'000;
  event->new_row = new_row.empty() ? "" : encode(new_row);
  event->old_row = old_row.empty() ? "" : encode(old_row);
  event->shape = seal(std::move(shape));
  event->key = record_key(*event->shape, new_row.empty() ? event->old_row : event->new_row);
  return event;
}

inline EventPtr order_event() {
  return make_event({{"id", ValueKind::number, "42"},
                     {"status", ValueKind::text, "paid"},
                     {"total", ValueKind::number, "149.90"},
                     {"note", ValueKind::null, ""}},
                    {{"id", ValueKind::number, "42"},
                     {"status", ValueKind::text, "pending"},
                     {"total", ValueKind::number, "149.90"},
                     {"note", ValueKind::null, ""}});
}

inline ScriptResult run_one(ScriptEngine& engine, ScriptKind kind, const std::string& text,
                            const EventPtr& event = order_event(), const std::string& name = "s",
                            ItemPtr item = nullptr) {
  const ScriptCall call{make_script(kind, name, text), event, std::move(item)};
  return engine.run({&call, 1}).front();
}

// "ok: <result>" or "<error type>: <message>".
inline std::string outcome(const ScriptResult& result) {
  if (result.error) return std::string(to_string(result.error->type)) + ": " + result.error->message;
  return result.pass || result.result == "false" ? "ok: " + result.result : "ok: dropped";
}

inline std::string run_text(ScriptEngine& engine, ScriptKind kind, const std::string& text,
                            const std::string& name = "s") {
  return outcome(run_one(engine, kind, text, order_event(), name));
}

// The usual limits, but with little time.
inline ScriptLimits limits(std::chrono::milliseconds time = std::chrono::milliseconds{60}) {
  ScriptLimits short_time;
  short_time.time_limit = time;
  return short_time;
}

// Pids of the script hosts of this process.
inline std::vector<pid_t> hosts() {
  std::vector<pid_t> pids;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream children(task.path() / "children");
    for (pid_t pid = 0; children >> pid;) pids.push_back(pid);
  }
  return pids;
}

}  // namespace rowhook::testing
