#include <algorithm>

#include "engine/journal/journal.h"
#include "engine/store/store.h"
#include "web/server/handlers.h"
#include "web/server/source_json.h"
#include "web/server/sources_view.h"

namespace rowhook {
namespace {

// "" or why the store cannot be reached.
std::string store_trouble(const Call& call) {
  try {
    call.api.store().ping();
    return "";
  } catch (const std::exception& error) {
    return error.what();
  }
}

std::string part(std::string_view trouble) {
  std::string out;
  JsonObject json(out);
  json.text("status", trouble.empty() ? "ok" : "failed");
  json.text_or_null("reason", trouble);
  json.close();
  return out;
}

std::string journal_json(const JournalStatus& journal, std::chrono::milliseconds max_age) {
  std::string out;
  JsonObject json(out);
  json.text("status", !journal.trouble.empty() ? "failed" : journal.full ? "degraded" : "ok");
  json.text_or_null("reason", !journal.trouble.empty() ? std::string_view(journal.trouble)
                              : journal.full
                                  ? "its budget is used up: capture waits for executions to catch up"
                                  : "");
  json.number("first_seq", journal.first_seq);
  json.number("last_seq", journal.last_seq);
  json.number("bytes", journal.bytes);
  json.number("budget_bytes", journal.budget_bytes);
  json.number("max_age_seconds", std::chrono::floor<std::chrono::seconds>(max_age).count());
  json.close();
  return out;
}

}  // namespace

ApiResponse health(Call& call) {
  const auto sources =
      call.api.services.sources ? call.api.services.sources->list() : std::vector<SourceState>{};
  const JournalStatus journal = call.api.journal().status();
  const std::string store = store_trouble(call);

  std::string list = "[";
  std::size_t healthy = 0;
  for (const auto& source : sources) {
    if (list.size() > 1) list += ',';
    write_source(list, source);
    // Paused is what somebody wanted.
    healthy += source.state == IntakeState::running || source.state == IntakeState::paused ? 1U : 0U;
  }
  list += ']';
  const bool none_runs =
      !sources.empty() && std::all_of(sources.begin(), sources.end(), [](const SourceState& source) {
        return source.state == IntakeState::failed || source.state == IntakeState::gap;
      });
  const bool failed = !store.empty() || !journal.trouble.empty() || none_runs;
  const bool degraded = healthy < sources.size() || journal.full;

  std::string out;
  JsonObject json(out);
  json.text("status", failed ? "failed" : degraded ? "degraded" : "ok");
  json.text("version", call.api.services.version);
  json.raw("sources", list);
  json.raw("store", part(store));
  json.raw("journal", journal_json(journal, call.api.services.event_max_age));
  json.close();
  return ApiResponse::json(std::move(out));
}

ApiResponse live(Call&) { return ApiResponse::json(std::string(R"({"status":"ok"})")); }

ApiResponse ready(Call& call) {
  const auto not_ready = [](const std::string& why) {
    return HttpError(503, "not-ready", why).with("Retry-After", "1");
  };
  if (call.api.draining()) throw not_ready("it is shutting down");
  if (const std::string trouble = store_trouble(call); !trouble.empty())
    throw not_ready("the store: " + trouble);
  if (const JournalStatus journal = call.api.journal().status(); !journal.trouble.empty())
    throw not_ready("the journal: " + journal.trouble);
  return ApiResponse::json(std::string(R"({"status":"ok"})"));
}

}  // namespace rowhook
