// The API where no engine runs.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/app/api_client.h"
#include "engine/app/data_dir.h"
#include "engine/app/engine.h"
#include "engine/app/own_directory.h"
#include "web/server/routes.h"

namespace rowhook {
namespace {

bool is_postgres(const std::string& store) {
  return store.starts_with("postgresql://") || store.starts_with("postgres://");
}

enum class Need {
  nothing_stored,  // answers from the request, the configuration and the watched databases
  what_is_stored,  // changes nothing
  a_store,         // changes it
};

Need need_of(std::string_view method, const std::string& path, const std::string& body) {
  const Route* route = match_route(http_method(method), path.substr(0, path.find('?'))).route;
  if (!route) return Need::what_is_stored;
  if (route->name == "scripts.check" || route->name == "scripts.library") return Need::nothing_stored;
  if (route->method == HttpMethod::get || route->only_asks) return Need::what_is_stored;
  const auto request = nlohmann::json::parse(body, nullptr, false);
  if (request.is_object() && request.value("dry_run", nlohmann::json()) == true) return Need::nothing_stored;
  return Need::a_store;
}

// Over an engine of its own that captures and runs nothing, made with the first call: only one that changes
// something makes the data directory.
class OfflineApiClient final : public ApiClient {
 public:
  explicit OfflineApiClient(EngineOptions options) : options_(std::move(options)) {}
  bool live() const override { return false; }

 private:
  ApiAnswer send(std::string_view method, const std::string& path, const std::string& body,
                 const std::string& precondition) override {
    if (!engine_) open(need_of(method, path, body));
    return client_->call(method, path, body, precondition);
  }

  void open(Need need) {
    if (need != Need::a_store && !std::filesystem::exists(options_.data_dir)) {
      if (need == Need::what_is_stored && !is_postgres(options_.config.store))
        require_data_directory(options_.data_dir);
      place_.emplace("command");
      options_.data_dir = place_->path().string();
    }
    engine_ = std::make_unique<Engine>(options_);
    client_ = engine_->client();
  }

  EngineOptions options_;
  std::optional<OwnDirectory> place_;  // where nothing is stored, for as long as the command runs
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<ApiClient> client_;
};

}  // namespace

std::unique_ptr<ApiClient> open_api_client(const std::string& data_dir, const std::string& config_path) {
  if (const auto running = running_engine(data_dir)) {
    const std::string token = admin_token(data_dir);
    if (token.empty())
      throw PermanentError("the token of the running engine cannot be read from " + data_dir + "/admin-token",
                           "run the command as the engine's user, or set ROWHOOK_ADMIN_TOKEN");
    return http_api_client(running->base_url, token);
  }
  EngineOptions options;
  options.config = config_path.empty() ? parse_config("{}", "", {}) : load_config(config_path);
  options.data_dir = data_dir;
  return std::make_unique<OfflineApiClient>(std::move(options));
}

}  // namespace rowhook
