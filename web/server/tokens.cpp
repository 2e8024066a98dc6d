#include <algorithm>

#include <nlohmann/json.hpp>

#include "engine/store/store.h"
#include "web/server/handlers.h"
#include "web/server/token_book.h"

namespace rowhook {
namespace {

const Spec& token_spec() {
  static const Spec spec{
      Field::text("name", "What the token is for.").length(1, 255).required(),
      Field::choice("role", "What it may do.", {"viewer", "operator", "author", "admin"}).required(),
  };
  return spec;
}

Json shown(const Token& token) {
  const auto time = [](const std::optional<Micros>& at) {
    return at ? Json(format_rfc3339(*at)) : Json(nullptr);
  };
  return {{"id", token.id},
          {"name", token.name},
          {"role", token.role},
          {"created_at", format_rfc3339(token.created_at)},
          {"last_used_at", time(token.last_used_at)},
          {"revoked_at", time(token.revoked_at)}};
}

}  // namespace

ApiResponse list_tokens(Call& call) {
  auto tokens = call.api.store().tokens();
  std::sort(tokens.begin(), tokens.end(), [](const Token& a, const Token& b) {
    return a.created_at > b.created_at || (a.created_at == b.created_at && a.id > b.id);
  });
  std::vector<ShortListItem> items;
  for (const auto& token : tokens) items.push_back({token.id, shown(token).dump()});
  return short_list(call.query.page(), items);
}

ApiResponse create_token(Call& call) {
  const Json body = token_spec().parse(json_body(call.request), "the token");
  const std::string secret = new_token_secret(call.api.services.random);
  Token token;
  token.id = token_hash(secret + call.request.principal.id).substr(0, 16);
  token.name = body["name"];
  token.role = body["role"];
  token.hash = token_hash(secret);
  token.created_at = call.api.services.clock->now();
  call.api.store().add_token(token);
  call.api.tokens_changed();
  Json answer = shown(token);
  answer["token"] = secret;
  return ApiResponse::json(answer, 201).with("Location", "/api/v1/tokens/" + token.id);
}

ApiResponse revoke_token(Call& call) {
  const std::string id = call.parameter();
  const auto tokens = call.api.store().tokens();
  const auto admins = std::count_if(tokens.begin(), tokens.end(), [&](const Token& token) {
    return token.role == "admin" && !token.revoked_at && token.id != id;
  });
  if (admins == 0)
    throw Conflict("this is the last admin token", "make another admin token before revoking this one");
  if (!call.api.store().revoke_token(id)) throw NotFound("there is no token '" + id + "' in force");
  call.api.tokens_changed();
  return ApiResponse::empty();
}

}  // namespace rowhook
