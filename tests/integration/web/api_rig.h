#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/execution/scheduler.h"
#include "engine/journal/intake.h"
#include "engine/journal/journal.h"
#include "engine/store/store.h"
#include "scripting/script_engine.h"
#include "tests/integration/web/http_connection.h"
#include "tests/support/temp_dir.h"
#include "web/server/live_executions.h"
#include "web/server/server.h"
#include "web/server/sources_view.h"
#include "web/server/trigger_series.h"
#include "workflows/http_client.h"
#include "workflows/services.h"
#include "workflows/sql_pools.h"

namespace rowhook::testing {

// A watched SQLite database behind the API's view of sources.
class SqliteShop final : public SourcesView {
 public:
  SqliteShop(const std::string& file, Journal& journal, Metrics& metrics);
  std::vector<SourceState> list() const override { return {intake_->state()}; }
  void pause(const std::string& name) override;
  void resume(const std::string& name) override;
  std::vector<Finding> doctor(const std::string& name) const override;
  void insert_order(int id, const std::string& status);

 private:
  std::string file_;
  SourceSettings settings_;
  std::unique_ptr<Intake> intake_;
};

// As POST /events takes it: an order_placed of the source shop, with `id` 7 and this `total`.
nlohmann::json order_placed(double total);

// The API over the real store, journal, script hosts, scheduler and (on request) source, each in a directory
// of its own.
class ApiRig {
 public:
  struct Options {
    ServerSettings server;
    bool with_shop = false;
    std::chrono::milliseconds retry_delay{50};
    unsigned max_retries = 0;
    ScriptLimits scripts = {};
  };
  ApiRig() : ApiRig(Options()) {}
  explicit ApiRig(Options options);
  ~ApiRig();

  std::uint16_t port() const { return server_->port(); }
  // One request on a connection of its own, as `who` ("admin", "author", "operator", "viewer", "" for
  // nobody). The answer is checked against the API's own description.
  HttpAnswer ask(const std::string& method, const std::string& path, const std::string& body = "",
                 const std::string& who = "admin", const std::map<std::string, std::string>& headers = {});
  HttpAnswer get(const std::string& path, const std::string& who = "admin") {
    return ask("GET", path, "", who);
  }
  HttpAnswer post(const std::string& path, const nlohmann::json& body, const std::string& who = "admin") {
    return ask("POST", path, body.is_null() ? "" : body.dump(), who);
  }
  // The opening handshake of a WebSocket as `who`, with further header fields.
  std::string handshake(const std::string& who, const std::map<std::string, std::string>& headers = {}) const;
  // The text of such a request.
  std::string text(const std::string& method, const std::string& path, const std::string& body = "",
                   const std::string& who = "admin",
                   const std::map<std::string, std::string>& headers = {}) const;
  const std::string& token(const std::string& who) const { return tokens_.at(who); }

  // A workflow input -> log, and a trigger for events of `source` and `event_type` that runs it; the
  // trigger's id.
  std::int64_t make_trigger(const std::string& source, const std::string& event_type,
                            const nlohmann::json& config = nlohmann::json::object());
  // Saves a script as the author, whatever revision is stored.
  HttpAnswer save_script(const std::string& name, const std::string& source);
  // Posts an event and waits until everything it caused has ended or is parked; its answer.
  nlohmann::json post_event(const nlohmann::json& event);
  void wait_idle();

  Store& store() { return *store_; }
  Journal& journal() { return *journal_; }
  SqliteShop& shop() { return *shop_; }
  ApiServer& server() { return *server_; }
  const TempDir& dir() const { return dir_; }

 private:
  void route_anew();

  TempDir dir_;
  Metrics metrics_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<ScriptStates> states_;
  std::unique_ptr<ScriptEngine> scripts_;
  std::unique_ptr<HttpClient> http_;
  std::unique_ptr<SqlPools> sql_;
  NodeServices nodes_;
  std::unique_ptr<LiveExecutions> live_;
  TriggerSeries series_{system_clock()};
  std::unique_ptr<Scheduler> scheduler_;
  std::unique_ptr<SqliteShop> shop_;
  std::map<std::string, std::string> tokens_;
  std::unique_ptr<ApiServer> server_;
};

}  // namespace rowhook::testing
