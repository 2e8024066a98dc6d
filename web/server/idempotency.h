#pragma once

#include <functional>
#include <set>
#include <string>
#include <utility>

#include "engine/base/guarded.h"
#include "web/server/api.h"
#include "web/server/routes.h"

namespace rowhook {

class Store;

// Idempotency-Key on POST: the first answer that succeeded is remembered for 24 hours and given again, with
// Idempotency-Replayed: true, to the same token sending the same request under the same key. Failures are not
// remembered: the request may be mended or tried again under its key. Thread safety: safe to share.
class IdempotentPosts {
 public:
  explicit IdempotentPosts(Store& store) : store_(store) {}

  // Runs `make` unless the answer is known. Blocks on the store. Throws HttpError 400 (a key that is empty,
  // longer than 255 characters or not printable), 409 (the first request under this key is still running),
  // 422 (another request had it).
  ApiResponse answer(const ApiRequest& request, const Route& route, const std::function<ApiResponse()>& make);

 private:
  void remember(const std::string& key, const std::string& who, const std::string& hash,
                const ApiResponse& response);

  Store& store_;
  Guarded<std::set<std::pair<std::string, std::string>>> running_;  // token id, key
};

}  // namespace rowhook
