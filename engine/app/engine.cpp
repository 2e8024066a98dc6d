#include "engine/app/engine.h"

#include <sys/stat.h>

#include <cstdlib>

#include "engine/app/api_client.h"
#include "engine/app/data_dir.h"
#include "engine/app/definitions_dir.h"
#include "engine/app/routing_tables.h"
#include "engine/app/sources.h"
#include "engine/app/store_sweeper.h"
#include "engine/app/table_columns.h"
#include "engine/app/version.h"
#include "engine/db/postgres_connection.h"
#include "engine/db/sqlite_connection.h"
#include "engine/execution/scheduler.h"
#include "engine/store/store.h"
#include "web/server/dispatch.h"
#include "web/server/live_executions.h"
#include "web/server/trigger_series.h"
#include "web/server/server.h"
#include "web/server/token_book.h"
#include "workflows/http_client.h"
#include "workflows/sql_pools.h"

#ifndef ROWHOOK_VERSION
#error "ROWHOOK_VERSION is set by the build"
#endif

namespace rowhook {
namespace {

// libpq's URL form of a connection's settings.
std::string postgres_url(const SourceSettings& settings) {
  std::string url = "postgresql://";
  if (!settings.username.empty()) {
    url += url_escape(settings.username);
    if (!settings.password.empty()) url += ":" + url_escape(settings.password);
    url += "@";
  }
  url += settings.host + ":" + std::to_string(settings.port) + "/" + url_escape(settings.database);
  return url + "?sslmode=" + settings.ssl_mode;
}

std::unique_ptr<Connection> open_connection(const std::vector<SourceSettings>& connections,
                                            const std::string& name) {
  for (const auto& settings : connections) {
    if (settings.connection != name) continue;
    if (settings.type == "sqlite") return open_sqlite(settings.database, {.create = false, .wal = false});
    if (settings.type == "postgresql")
      return open_postgres(postgres_url(settings), {.statement_timeout = settings.query_timeout});
    throw PermanentError(
        "connection '" + name + "' is of type " + settings.type + ", which SQL nodes cannot use",
        "use a connection of type postgresql or sqlite");
  }
  throw NotFound("there is no connection '" + name + "'", "add it to \"connections\" in the configuration");
}

std::unique_ptr<Journal> open_journal(const Config& config, const std::string& data_dir) {
  if (config.store.rfind("postgresql://", 0) == 0 || config.store.rfind("postgres://", 0) == 0)
    return open_postgres_journal(config.store, config.retention, system_clock());
  return open_sqlite_journal(data_dir + "/journal", config.retention, system_clock());
}

// The API in this process, as the admin.
class LocalApiClient final : public ApiClient {
 public:
  LocalApiClient(Dispatch& dispatch, bool live) : dispatch_(dispatch), live_(live) {}
  bool live() const override { return live_; }

 private:
  ApiAnswer send(std::string_view method, const std::string& path, const std::string& body,
                 const std::string& precondition) override {
    ApiRequest request;
    request.method = http_method(method);
    request.target = path;
    if (!body.empty()) request.headers.add("Content-Type", "application/json");
    if (const auto colon = precondition.find(": "); colon != std::string::npos)
      request.headers.add(precondition.substr(0, colon), precondition.substr(colon + 2));
    request.body = body;
    request.principal = {.id = "local", .name = "command line", .role = Role::admin};
    const ApiResponse response = dispatch_.handle(request);
    ApiAnswer answer{
        .status = response.status, .content_type = response.content_type, .etag = {}, .body = response.body};
    if (const auto etag = response.header("ETag"); etag.data()) answer.etag = etag;
    return answer;
  }

  Dispatch& dispatch_;
  bool live_;
};

}  // namespace

const char* version_text() { return ROWHOOK_VERSION; }

struct Engine::Impl {
  EngineOptions options;
  DataDirLock lock;
  Metrics metrics;
  std::unique_ptr<Store> store;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<RoutingTables> routing;
  std::unique_ptr<ScriptStates> states;
  std::unique_ptr<ScriptEngine> scripts;
  std::unique_ptr<HttpClient> http;
  std::unique_ptr<SqlPools> sql;
  std::unique_ptr<TableColumns> columns;
  NodeServices nodes;
  std::unique_ptr<LiveExecutions> live;
  TriggerSeries series{system_clock()};
  std::unique_ptr<Scheduler> scheduler;
  std::unique_ptr<StoreSweeper> sweeper;
  std::unique_ptr<Sources> sources;
  std::unique_ptr<ApiServer> server;
  std::optional<std::string> made_token;
  bool serving = false, starting = false;

  explicit Impl(EngineOptions given) : options(std::move(given)), lock(options.data_dir) {
    log::set_level(options.config.log_level);
    store = open_store(options.config.store, options.data_dir, true, system_clock());
    live = std::make_unique<LiveExecutions>(store->executions());
    journal = open_journal(options.config, options.data_dir);
    routing = std::make_unique<RoutingTables>(
        *store, *journal, [this] { return store->executions().low_water(); },
        [this](RouterPtr router) { scheduler->set_router(std::move(router)); });
    make_nodes();
    make_scheduler();
    sources = std::make_unique<Sources>(*journal, metrics, system_clock(), system_random());
    ServerSettings settings;
    settings.listen = options.config.server.listen;
    settings.tls_certificate = options.config.server.tls_certificate;
    settings.tls_key = options.config.server.tls_key;
    settings.allowed_hosts = options.config.server.allowed_hosts;
    server = std::make_unique<ApiServer>(api_services(), std::move(settings));
    routing->refresh();
  }

  void make_nodes() {
    states = std::make_unique<ScriptStates>(
        [this](const std::string& scope) { return store->script_state(scope); });
    scripts = std::make_unique<ScriptEngine>(
        options.config.scripting, metrics,
        [this](const std::string& name) { return routing->script_text(name); }, states.get());
    http = std::make_unique<HttpClient>(
        HttpClientSettings{}, EgressRules(options.config.egress.allow, options.config.egress.deny), metrics);
    std::vector<std::string> names;
    for (const auto& connection : options.config.connections) names.push_back(connection.connection);
    sql = std::make_unique<SqlPools>(
        std::move(names),
        [this](const std::string& name) { return open_connection(options.config.connections, name); },
        SqlPoolsSettings{.sessions = options.config.pool_size});
    columns = std::make_unique<TableColumns>(*sql, *journal);
    columns->replace(options.config.sources);
    nodes.scripts = scripts.get();
    nodes.http = http.get();
    nodes.sql = sql.get();
    nodes.clock = &system_clock();
    nodes.random = system_random();
    nodes.metrics = &metrics;
    nodes.script_text = [this](const std::string& name) { return routing->script_text(name); };
    nodes.log = options.node_log;
    routing->set_node_services(&nodes);
  }

  void make_scheduler() {
    Scheduler::Parts parts{};
    parts.journal = journal.get();
    parts.log = &store->executions();
    parts.scripts = scripts.get();
    parts.clock = &system_clock();
    parts.random = system_random();
    parts.metrics = &metrics;
    parts.workflow = [this](const std::string& id) { return routing->workflow(id); };
    parts.disable_trigger = [this](std::int64_t id, const std::string& reason) { switch_off(id, reason); };
    parts.ended = [this](const Execution& execution) {
      live->add(execution);
      series.add(execution);
      if (options.ended) options.ended(execution);
    };
    parts.states = states.get();
    SchedulerSettings settings;
    settings.retry = options.config.retry;
    scheduler = std::make_unique<Scheduler>(std::move(parts), settings);
  }

  ApiServices api_services() {
    ApiServices services;
    services.store = store.get();
    services.journal = journal.get();
    services.scheduler = scheduler.get();
    services.scripts = scripts.get();
    services.nodes = &nodes;
    services.sources = sources.get();
    services.executions = live.get();
    services.series = &series;
    services.metrics = &metrics;
    services.clock = &system_clock();
    services.random = system_random();
    services.changed = [this] { routing->refresh(); };
    services.script_tables = [this](const std::string& source, const std::vector<std::string>& tables) {
      // A column that was dropped while the engine was down must not keep it from starting.
      return starting ? std::vector<ScriptTable>() : columns->tables(source, tables);
    };
    services.version = version_text();
    services.event_max_age = options.config.retention.max_age;
    return services;
  }

  // An endpoint said 410: the trigger does not fire any more until somebody switches it on again.
  void switch_off(std::int64_t id, const std::string& reason) {
    try {
      auto trigger = store->trigger(id);
      if (!trigger || !trigger->is_active) return;
      trigger->is_active = false;
      store->update_trigger(*trigger, trigger->revision, journal->last_seq());
      log::warning("trigger switched off", {{"trigger", std::to_string(id)}, {"reason", reason}});
      AuditEntry entry;
      entry.who = "engine";
      entry.action = "triggers.deactivate";
      entry.object = "/triggers/" + std::to_string(id);
      entry.detail =
          nlohmann::json{{"reason", reason}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
      store->add_audit(entry);
      routing->refresh();
    } catch (const Error& error) {
      log::error("a trigger could not be switched off",
                 {{"trigger", std::to_string(id)}, {"reason", error.what()}});
    }
  }

  // What failed last before this start, so that nobody has to wait for it to fail again.
  void recall_failures() {
    ExecutionFilter filter;
    filter.status = to_string(ExecutionStatus::dead_letter);
    filter.limit = 200;
    for (const auto& execution : store->executions().list(filter)) series.recall(execution);
  }

  // Definitions of workflows.directory and scripting.directory: the files are the truth at start and on
  // SIGHUP.
  void apply_directories(const Config& config) {
    LocalApiClient client(server->dispatch(), true);
    if (!config.scripts_directory.empty())
      apply_definitions(client, read_scripts(config.scripts_directory), false);
    if (!config.workflows_directory.empty())
      apply_definitions(client, read_definitions(config.workflows_directory), false);
  }

  void start() {
    const char* token = std::getenv("ROWHOOK_ADMIN_TOKEN");
    made_token =
        ensure_admin_token(*store, options.data_dir, token ? token : "", system_clock(), system_random());
    if (token && *token) made_token.reset();
    recall_failures();
    starting = true;
    apply_directories(options.config);
    starting = false;
    scheduler->start();
    sweeper = std::make_unique<StoreSweeper>(*store, system_clock(), options.config.retention.max_age);
    sweeper->start();
    routing->watch();
    sources->replace(options.config.sources);
    server->start();
    serving = true;
    lock.announce(server->base_url(), options.config_path);
  }

  void reload() {
    if (options.config_path.empty()) return;
    Config fresh = load_config(options.config_path);
    server->reload_tls(fresh.server.tls_certificate, fresh.server.tls_key);
    log::set_level(fresh.log_level);
    apply_directories(fresh);
    sources->replace(fresh.sources);
    columns->replace(fresh.sources);
    options.config.sources = fresh.sources;
    options.config.log_level = fresh.log_level;
  }

  void stop(std::chrono::milliseconds grace) {
    sources->stop();
    server->stop(grace);
    routing->stop();
    scheduler->stop(grace);
    if (sweeper) sweeper->stop();
  }
};

Engine::Engine(EngineOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Engine::~Engine() = default;
void Engine::start() { impl_->start(); }
void Engine::stop(std::chrono::milliseconds grace) { impl_->stop(grace); }
void Engine::reload() { impl_->reload(); }
std::string Engine::base_url() const { return impl_->serving ? impl_->server->base_url() : ""; }
std::string Engine::page_link() {
  return base_url() + "/#code=" + impl_->server->dispatch().sessions().new_code();
}
const std::optional<std::string>& Engine::made_admin_token() const { return impl_->made_token; }
std::unique_ptr<ApiClient> Engine::client() {
  return std::make_unique<LocalApiClient>(impl_->server->dispatch(), impl_->serving);
}
Store& Engine::store() { return *impl_->store; }
Journal& Engine::journal() { return *impl_->journal; }
Scheduler& Engine::scheduler() { return *impl_->scheduler; }
Sources& Engine::sources() { return *impl_->sources; }

}  // namespace rowhook
