#include "web/server/idempotency.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/log.h"
#include "engine/store/store.h"
#include "web/server/call.h"
#include "web/server/token_book.h"

namespace rowhook {
namespace {

// What makes two requests the same: where they go and what they carry.
std::string fingerprint(const ApiRequest& request) {
  std::string text(to_string(request.method));
  text += ' ' + request.target + '\n';
  text += request.header("content-type");
  for (std::size_t i = 0; i < request.headers.size();
       ++i)  // binary CloudEvents carry their attributes in the head
    if (const auto [name, value] = request.headers.at(i); name.starts_with("ce-"))
      text.append("\n").append(name).append(":").append(value);
  return token_hash(text + "\n\n" + request.body);
}

ApiResponse secret_shown_once() {
  return problem_response(
      HttpError(409, "secret-shown-once",
                "this request succeeded before; its secret is shown only once and was not kept",
                "revoke what it made and make another"));
}

// The remembered answer. Its Location and ETag say what its body says, so they are not kept beside it.
ApiResponse replayed(const ApiRequest& request, const RememberedAnswer& known) {
  ApiResponse response{known.status, {{"Idempotency-Replayed", "true"}}, known.content_type, known.body};
  const Json body = Json::parse(known.body, nullptr, false);
  if (!body.is_object()) return response;
  if (const auto revision = body.find("revision"); revision != body.end() && revision->is_number_integer())
    response.headers.emplace_back("ETag", entity_tag(revision->get<std::int64_t>()));
  if (const auto id = body.find("id"); known.status == 201 && id != body.end())
    response.headers.emplace_back(
        "Location", std::string(request.path()) + "/" +
                        (id->is_string() ? percent_encode(*id->get_ptr<const std::string*>()) : id->dump()));
  return response;
}

}  // namespace

void IdempotentPosts::remember(const std::string& key, const std::string& who, const std::string& hash,
                               const ApiResponse& response) {
  try {
    store_.remember(key, who, {hash, response.status, response.content_type, response.body});
  } catch (const Error& error) {
    // What was asked for has happened: the client must hear that, though a repetition would not be
    // recognised.
    log::warning("an answer could not be remembered for its Idempotency-Key", {{"error", error.what()}});
  }
}

ApiResponse IdempotentPosts::answer(const ApiRequest& request, const Route& route,
                                    const std::function<ApiResponse()>& make) {
  const std::string_view header = request.header("idempotency-key");
  if (header.data() == nullptr || request.method != HttpMethod::post) return make();
  if (header.empty() || header.size() > 255 ||
      std::any_of(header.begin(), header.end(), [](char c) { return c < 0x20 || c == 0x7f; }))
    throw bad_request("an Idempotency-Key has 1 to 255 printable characters");
  const std::string key(header), who = request.principal.id, hash = fingerprint(request);

  const auto place = std::make_pair(who, key);
  if (!running_.with([&](auto& running) { return running.insert(place).second; }))
    throw HttpError(409, "in-flight", "the first request under this Idempotency-Key is still running",
                    "try again when it has ended")
        .with("Retry-After", "1");
  struct Leave {
    IdempotentPosts& posts;
    const std::pair<std::string, std::string>& place;
    ~Leave() {
      posts.running_.with([&](auto& running) { running.erase(place); });
    }
  } leave{*this, place};

  if (const auto known = store_.remembered(key, who)) {
    if (known->request_hash != hash)
      throw HttpError(422, "key-reused", "this Idempotency-Key was sent with another request",
                      "use a new key for every new request",
                      {{"", "differs from the request that had this key first"}});
    return replayed(request, *known);
  }
  ApiResponse response = make();
  if (response.status < 200 || response.status > 299) return response;
  remember(key, who, hash, route.secret_answer ? secret_shown_once() : response);
  return response;
}

}  // namespace rowhook
