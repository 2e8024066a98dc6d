// What a handler gets, and what handlers share: bodies, preconditions, lists.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/document.h"
#include "web/server/api.h"
#include "web/server/query.h"
#include "web/server/routes.h"
#include "web/server/services.h"

namespace rowhook {

class PageSessions;  // web/server/page_session.h
class PostGroups;    // web/server/post_groups.h
class TailWaiters;   // web/server/tail_waiters.h
class TokenBook;     // web/server/token_book.h

// What all handlers work with. Thread safety: safe to share.
struct ApiContext {
  ApiServices services;
  // Set while a server runs, for deferred routes:
  PostGroups* posts = nullptr;                     // groups posted events into appends
  TailWaiters* tails = nullptr;                    // clients that wait for the next event
  std::function<bool(std::function<void()>)> run;  // on a worker thread; false when too much waits
  std::function<bool()> draining;                  // true once the server is stopping
  // Always set:
  std::function<void()> changed;         // services.changed, and drops reusable answers
  TokenBook* tokens = nullptr;           // who a token belongs to
  PageSessions* sessions = nullptr;      // who has signed in to the page
  std::function<void()> tokens_changed;  // makes a new or revoked token count at once

  Store& store() const { return *services.store; }
  Journal& journal() const { return *services.journal; }
};

// One request on its way through a handler. Thread safety: confined to the handler.
struct Call {
  ApiRequest& request;
  RouteMatch match;
  Query query;
  const ApiContext& api;

  // The decoded path parameter. Throws HttpError 400 when it is not valid percent-encoded UTF-8.
  std::string parameter(std::size_t index = 0) const;
  // The same as an id. Throws NotFound when it is not a positive integer: no such thing can exist.
  std::int64_t id_parameter(std::string_view what, std::size_t index = 0) const;
};

// The body as JSON. Throws HttpError 400 with the place; an empty body is {} when `optional`.
Json json_body(const ApiRequest& request, bool optional = false);
// The same with every digit kept.
Document exact_body(const ApiRequest& request, bool optional = false);

// Compares If-Match with the stored revision. Throws HttpError 428 when it is absent but `required`, 412 when
// none of its entity tags is that of `revision`.
void check_if_match(const ApiRequest& request, std::int64_t revision, bool required);
std::string entity_tag(std::int64_t revision);  // "3" with its quotes

// Writes a JSON object member by member; for answers that hold raw JSON text whose digits must stay as they
// are. Thread safety: none.
class JsonObject {
 public:
  explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }
  void text(std::string_view name, std::string_view value);
  void text_or_null(std::string_view name, std::string_view value);  // "" becomes null
  void number(std::string_view name, std::uint64_t value);
  void number(std::string_view name, std::int64_t value);
  void number(std::string_view name, double value);  // shortest digits; null when not finite
  void boolean(std::string_view name, bool value);
  void time(std::string_view name, std::int64_t micros);   // 0 becomes null
  void raw(std::string_view name, std::string_view json);  // "" becomes null
  void close() { out_ += '}'; }

 private:
  void member(std::string_view name);
  std::string& out_;
  bool first_ = true;
};

// What listings count at the most; a wide filter over millions of rows would take seconds.
constexpr std::uint64_t max_counted = 10'000;

// {"items":[...],"next_cursor":...,"total":n} from items that are JSON text already. Thread safety: none.
class ListBody {
 public:
  ListBody() : text_("{\"items\":[") {}
  std::string& item();  // append the next item to the returned text
  // `at_least`: counting stopped there; the answer says so with "total_is_at_least": true.
  ApiResponse finish(const std::optional<std::string>& next_cursor, std::uint64_t total,
                     bool at_least = false, int status = 200) &&;

 private:
  std::string text_;
  bool first_ = true;
};

// An item of a listing that is short and at hand. Thread safety: none, a value.
struct ShortListItem {
  std::string key;  // tells it from the others: the cursor behind it
  std::string json;
};
// The page of them that was asked for. Throws HttpError 400 for a cursor that is no item's key.
ApiResponse short_list(const Page& page, const std::vector<ShortListItem>& items);

}  // namespace rowhook
