#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/errors.h"

namespace rowhook {

struct ApiAnswer {
  int status = 0;
  std::string content_type, etag, body;
};

// An answer of the API that is not 2xx, as the command line reports it.
class ApiError : public Error {
 public:
  ApiError(int status, const std::string& message, std::string hint, std::vector<Problem> problems)
      : Error(message, std::move(hint)), status_(status), problems_(std::move(problems)) {}
  int status() const noexcept { return status_; }
  const std::vector<Problem>& problems() const noexcept { return problems_; }

 private:
  int status_;
  std::vector<Problem> problems_;
};

// How commands reach the API: over HTTP when an engine runs on the data directory, in this process when none does.
// Thread safety: none; confined to one thread.
class ApiClient {
 public:
  virtual ~ApiClient() = default;
  // `path` begins with /api/v1/ and holds the query; `precondition` is a header line ("If-Match: \"3\"", "If-None-Match: *"). Returns 2xx answers; throws ApiError for others, TransientError when
  // the engine cannot be reached.
  ApiAnswer call(std::string_view method, const std::string& path, const std::string& body = {},
                 const std::string& precondition = {});
  virtual bool live() const = 0;  // an engine runs: what is asked for happens now

 private:
  virtual ApiAnswer send(std::string_view method, const std::string& path, const std::string& body,
                         const std::string& precondition) = 0;
};

// Over HTTP, with a bearer token. `base_url`: "http://127.0.0.1:8088".
std::unique_ptr<ApiClient> http_api_client(std::string base_url, std::string token);

// The running engine of `data_dir`, else one made in this process from `config_path` ("" = defaults) with the first
// call, that captures and runs nothing. Calls then throw what opening the data directory throws, and TransientError
// when there is none and they would only read it.
std::unique_ptr<ApiClient> open_api_client(const std::string& data_dir, const std::string& config_path);

// Percent-encodes one path segment or query value.
std::string url_escape(std::string_view text);

}  // namespace rowhook
