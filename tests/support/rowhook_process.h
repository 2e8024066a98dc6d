#pragma once

#include <sys/types.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/temp_dir.h"

namespace rowhook::testing {

// The program itself, as its user runs it: `rowhook serve` on a configuration of the test's, on a free port of 127.0.0.1.
// Ended when the object goes. Throws std::runtime_error with the program's own words.
// Thread safety: none; confined to one thread.
class RowhookProcess {
 public:
  // `config` gets "server.listen" and "workflows.directory" (definitions(), where files may be put before start()).
  explicit RowhookProcess(nlohmann::json config);
  ~RowhookProcess();
  RowhookProcess(const RowhookProcess&) = delete;
  RowhookProcess& operator=(const RowhookProcess&) = delete;

  // Files below the definitions directory: "workflows/a.json", "triggers/b.json", "scripts/c.lua".
  void define(const std::string& file, const std::string& text);
  void start();           // returns when /readyz says so
  int stop();             // SIGTERM; the exit status
  void kill9();           // at once, with its script hosts
  bool running() const { return pid_ > 0; }
  pid_t pid() const { return pid_; }

  struct Answer {
    int status = 0;
    std::string body;
    nlohmann::json json() const { return nlohmann::json::parse(body); }
  };
  Answer call(const std::string& method, const std::string& path, const std::string& body = {},
              const std::vector<std::string>& headers = {});
  nlohmann::json get(const std::string& path);  // of /api/v1; throws unless 200
  // Runs another command of the program on the same data directory; its output and exit status.
  struct Output {
    int status = 0;
    std::string out, err;
  };
  Output command(const std::vector<std::string>& arguments) const;

  std::string base_url() const {
    const bool tls = config_.contains(nlohmann::json::json_pointer("/server/tls"));
    return (tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_);
  }
  std::string data_dir() const { return directory_ / "data"; }
  std::string config_file() const { return directory_ / "config.json"; }
  std::string token() const;
  std::string log() const;

 private:
  TempDir directory_;
  nlohmann::json config_;
  int port_ = 0;
  pid_t pid_ = -1;
};

// Runs the program with these arguments and nothing else; its output and exit status.
RowhookProcess::Output run_rowhook(const std::vector<std::string>& arguments,
                                   const std::string& working_directory = {},
                                   const std::vector<std::pair<std::string, std::string>>& environment = {},
                                   const std::string& input = "/dev/null");  // a file for its standard input

int free_port();  // of 127.0.0.1, free a moment ago

}  // namespace rowhook::testing
