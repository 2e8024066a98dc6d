#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <string>

#include "engine/base/json.h"
#include "workflows/run.h"
#include "workflows/services.h"

namespace rowhook::testing {

// An update of public.orders: id 7, status pending -> paid, total 99.99; `note` was not sent, `data` is JSON.
inline EventPtr order_paid() {
  Shape shape;
  shape.source = "shop";
  shape.connection = "shop";
  shape.method = "log_based";
  shape.database = "shop";
  shape.schema = "public";
  shape.table = "orders";
  shape.columns = {{"id", "bigint", true},      {"status", "text", false}, {"total", "numeric(10,2)", false},
                   {"email", "text", false},    {"note", "text", false},   {"data", "jsonb", false},
                   {"is_new", "boolean", false}};
  auto event = std::make_shared<Event>();
  event->shape = seal(std::move(shape));
  event->type = event_type::updated;
  event->seq = 4711;
  event->order = "0000000000000001";
  event->id = make_event_id(*event->shape, event->order, 0);
  event->position = "0/16B3748";
  event->transaction_id = "7341";
  event->timestamp = 1'754'388'000'123'456;
  event->captured_at = event->timestamp + 500;
  event->key = "7";
  const auto row = [](const char* status) {
    RowWriter writer;
    writer.add(ValueKind::number, "7");
    writer.add(ValueKind::text, status);
    writer.add(ValueKind::number, "99.990000000000000000001");
    writer.add(ValueKind::null);
    writer.add(ValueKind::unchanged);
    writer.add(ValueKind::json, R"({"customer":{"name":"Zoë"},"tags":["a","b"]})");
    writer.add(ValueKind::yes);
    return writer.take();
  };
  event->old_row = row("pending");
  event->new_row = row("paid");
  return event;
}

inline RunContext context_for(const EventPtr& event) {
  RunContext context;
  context.event = event;
  context.execution_id = "4711-3";
  context.trigger_id = 3;
  return context;
}

// A definition from its JSON. The problems of a wrong one end the test.
inline Definition definition(const std::string& json) {
  std::vector<Problem> problems;
  Definition definition = definition_from_json(parse_json(json), problems);
  if (!problems.empty()) throw std::logic_error(problems.front().pointer + ": " + problems.front().detail);
  return definition;
}

// Runs a workflow to its end on a thread of its own io_context: this one.
inline RunOutcome run(const WorkflowPtr& workflow, RunState& state, RunContext context, ItemPtr item,
                      const std::string& target = {}) {
  boost::asio::io_context io;
  RunOutcome outcome;
  std::exception_ptr error;
  boost::asio::co_spawn(
      io,
      [&]() -> boost::asio::awaitable<void> {
        outcome = co_await run_workflow(*workflow, target, std::move(item), std::move(context), state);
      },
      [&](std::exception_ptr thrown) { error = thrown; });
  io.run();
  if (error) std::rethrow_exception(error);
  return outcome;
}

// As above, with the event as the item.
inline RunOutcome run(const WorkflowPtr& workflow, RunState& state, const EventPtr& event) {
  return run(workflow, state, context_for(event), std::make_shared<const Item>(event));
}

// One input node "in" and behind it one node "it" of the type with the settings.
inline Definition one_node(const std::string& type, const std::string& config) {
  return definition(
      R"({"id":"w","name":"w","nodes":[{"node_id":"in","node_type":"input"},{"node_id":"it","node_type":")" +
      type + R"(","config":)" + config + R"(}],"connections":[{"from_node_id":"in","to_node_id":"it"}]})");
}

}  // namespace rowhook::testing
