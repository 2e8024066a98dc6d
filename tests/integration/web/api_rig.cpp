#include "tests/integration/web/api_rig.h"

#include <gtest/gtest.h>

#include "engine/capture/source_types.h"
#include "engine/db/sqlite_connection.h"
#include "tests/integration/web/answer_schema.h"
#include "tests/support/eventually.h"
#include "web/server/token_book.h"
#include "workflows/run.h"

namespace rowhook::testing {

using nlohmann::json;

SqliteShop::SqliteShop(const std::string& file, Journal& journal, Metrics& metrics) : file_(file) {
  auto database = open_sqlite(file);
  database->execute_script("CREATE TABLE orders (id INTEGER PRIMARY KEY, status TEXT)");
  SourceSettings& settings = settings_;
  settings.connection = settings.source = "shop";
  settings.type = "sqlite";
  settings.method = "triggers";
  settings.database = file;
  settings.polling_interval = std::chrono::milliseconds{20};
  WatchedTable orders;
  orders.table = "orders";
  settings.tables.push_back(orders);
  for (const auto& type : source_types())
    if (type.database == settings.type && type.method == settings.method)
      intake_ = std::make_unique<Intake>(settings, type.make(settings), journal, system_clock(), metrics);
  intake_->start();
  // What is written before its triggers are installed is not captured.
  if (!eventually([&] { return intake_->state().state == IntakeState::running; }))
    throw std::runtime_error("the shop's capture does not run: " + intake_->state().reason);
}

void SqliteShop::pause(const std::string& name) {
  if (name != "shop") throw NotFound("there is no source '" + name + "'");
  intake_->pause();
}

void SqliteShop::resume(const std::string& name) {
  if (name != "shop") throw NotFound("there is no source '" + name + "'");
  intake_->resume();
}

std::vector<Finding> SqliteShop::doctor(const std::string& name) const {
  if (name != "shop") throw NotFound("there is no source '" + name + "'");
  return find_source_type(settings_.type, settings_.method)->doctor(settings_);
}

void SqliteShop::insert_order(int id, const std::string& status) {
  open_sqlite(file_)->query("INSERT INTO orders (id, status) VALUES ($1, $2)", {std::int64_t{id}, status});
}

ApiRig::ApiRig(Options options) {
  const auto script_text = [this](const std::string& name) -> std::optional<std::string> {
    if (auto script = store_->script(name)) return script->text;
    return std::nullopt;
  };
  store_ = open_store("sqlite", dir_.path().string(), true, system_clock());
  live_ = std::make_unique<LiveExecutions>(store_->executions());
  journal_ = open_sqlite_journal(dir_ / "journal", {}, system_clock());
  states_ = std::make_unique<ScriptStates>(
      [this](const std::string& scope) { return store_->script_state(scope); });
  scripts_ = std::make_unique<ScriptEngine>(options.scripts, metrics_, script_text, states_.get());
  http_ = std::make_unique<HttpClient>(HttpClientSettings{}, EgressRules({"127.0.0.0/8"}, {}), metrics_);
  sql_ = std::make_unique<SqlPools>(
      std::vector<std::string>{}, [](const std::string&) -> std::unique_ptr<Connection> { return nullptr; },
      SqlPoolsSettings{});
  nodes_.scripts = scripts_.get();
  nodes_.http = http_.get();
  nodes_.sql = sql_.get();
  nodes_.clock = &system_clock();
  nodes_.random = system_random();
  nodes_.metrics = &metrics_;
  nodes_.script_text = script_text;

  Scheduler::Parts parts{};
  parts.journal = journal_.get();
  parts.log = &store_->executions();
  parts.scripts = scripts_.get();
  parts.clock = &system_clock();
  parts.random = system_random();
  parts.metrics = &metrics_;
  parts.workflow = [this](const std::string& id) -> WorkflowPtr {
    const auto definition = store_->workflow(id);
    return definition && definition->is_active ? compile_workflow(*definition, nodes_) : nullptr;
  };
  parts.disable_trigger = [](std::int64_t, const std::string&) {};
  parts.ended = [this](const Execution& execution) {
    live_->add(execution);
    series_.add(execution);
  };
  parts.states = states_.get();
  SchedulerSettings settings;
  settings.retry.max_retries = options.max_retries;
  settings.retry.retry_delay = options.retry_delay;
  scheduler_ = std::make_unique<Scheduler>(std::move(parts), settings);
  route_anew();
  scheduler_->start();
  if (options.with_shop) shop_ = std::make_unique<SqliteShop>(dir_ / "shop.db", *journal_, metrics_);

  for (const auto* role : {"viewer", "operator", "author", "admin"}) {
    tokens_[role] = new_token_secret(system_random());
    store_->add_token({std::string("token-") + role, std::string("the ") + role, role,
                       token_hash(tokens_[role]), system_clock().now(), std::nullopt, std::nullopt});
  }
  ApiServices services;
  services.store = store_.get();
  services.journal = journal_.get();
  services.scheduler = scheduler_.get();
  services.scripts = scripts_.get();
  services.nodes = &nodes_;
  services.sources = shop_.get();
  services.executions = live_.get();
  services.series = &series_;
  services.metrics = &metrics_;
  services.clock = &system_clock();
  services.random = system_random();
  services.changed = [this] { route_anew(); };
  services.version = "test";
  if (options.server.listen == ServerSettings().listen) options.server.listen = "127.0.0.1:0";
  server_ = std::make_unique<ApiServer>(services, options.server);
  server_->start();
}

ApiRig::~ApiRig() {
  server_->stop(std::chrono::seconds{1});
  shop_.reset();
  scheduler_->stop(std::chrono::seconds{1});
}

void ApiRig::route_anew() {
  scheduler_->set_router(std::make_shared<const Router>(store_->trigger_revisions(0), nodes_.script_text));
}

std::string ApiRig::text(const std::string& method, const std::string& path, const std::string& body,
                         const std::string& who, const std::map<std::string, std::string>& headers) const {
  std::string out = method + " " + path + " HTTP/1.1\r\n";
  if (!headers.contains("Host")) out += "Host: 127.0.0.1:" + std::to_string(port()) + "\r\n";
  if (!who.empty()) out += "Authorization: Bearer " + tokens_.at(who) + "\r\n";
  if (!body.empty() && !headers.contains("Content-Type")) out += "Content-Type: application/json\r\n";
  if (!body.empty()) out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  for (const auto& [name, value] : headers) out += name + ": " + value + "\r\n";
  return out + "\r\n" + body;
}

std::string ApiRig::handshake(const std::string& who,
                              const std::map<std::string, std::string>& headers) const {
  std::map<std::string, std::string> fields{{"Upgrade", "websocket"},
                                            {"Connection", "Upgrade"},
                                            {"Sec-WebSocket-Version", "13"},
                                            {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  for (const auto& [name, value] : headers) fields[name] = value;
  return text("GET", "/api/v1/ws", "", who, fields);
}

HttpAnswer ApiRig::ask(const std::string& method, const std::string& path, const std::string& body,
                       const std::string& who, const std::map<std::string, std::string>& headers) {
  HttpConnection connection(port());
  connection.send(text(method, path, body, who, headers));
  HttpAnswer answer = connection.read(method == "HEAD");
  expect_as_described(method, path, answer);
  return answer;
}

std::int64_t ApiRig::make_trigger(const std::string& source, const std::string& event_type,
                                  const json& config) {
  const HttpAnswer workflow = post("/api/v1/workflows", json::parse(R"({"name":"Log it",
      "nodes":[{"node_id":"in","node_type":"input"},{"node_id":"log","node_type":"log","config":{"message":"seen"}}],
      "connections":[{"from_node_id":"in","to_node_id":"log"}]})"));
  EXPECT_EQ(workflow.status, 201) << workflow.body;
  const HttpAnswer trigger = post("/api/v1/triggers", {{"name", "log " + event_type},
                                                       {"source", source},
                                                       {"event_type", event_type},
                                                       {"workflow_id", workflow.json()["id"]},
                                                       {"config", config}});
  EXPECT_EQ(trigger.status, 201) << trigger.body;
  return trigger.json()["id"];
}

HttpAnswer ApiRig::save_script(const std::string& name, const std::string& source) {
  const HttpAnswer stored = get("/api/v1/scripts/" + name);
  std::map<std::string, std::string> headers;
  if (stored.status == 200) headers["If-Match"] = stored.header("etag");
  return ask("PUT", "/api/v1/scripts/" + name, json{{"source", source}}.dump(), "author", headers);
}

json order_placed(double total) {
  return {{"event_type", "order_placed"},
          {"data", {{"id", 7}, {"total", total}}},
          {"metadata", {{"source", "shop"}}}};
}

json ApiRig::post_event(const json& event) {
  const HttpAnswer answer = post("/api/v1/events", event);
  EXPECT_EQ(answer.status, 202) << answer.body;
  wait_idle();
  return answer.json();
}

void ApiRig::wait_idle() {
  EXPECT_TRUE(scheduler_->wait_idle(journal_->last_seq(), std::chrono::seconds{20}));
}

}  // namespace rowhook::testing
