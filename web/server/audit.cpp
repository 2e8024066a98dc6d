// GET /audit-log: who changed what, when and from where. Dispatch writes the entries.
#include "engine/store/store.h"
#include "web/server/handlers.h"

namespace rowhook {

ApiResponse list_audit_log(Call& call) {
  AuditFilter filter;
  filter.who = call.query.text("who");
  filter.action = call.query.text("action");
  filter.object = call.query.text("object");
  filter.from = call.query.time("from");
  filter.to = call.query.time("to");
  const Page page = call.query.page();
  if (page.cursor &&
      (page.cursor->size() > 18 || page.cursor->find_first_not_of("0123456789") != std::string::npos))
    throw bad_request("the cursor is not one that a page of the audit log gave");
  auto entries = call.api.store().audit_log(filter, {page.skip, page.limit + 1, page.cursor});
  std::optional<std::string> next;
  if (entries.size() > page.limit) {
    entries.resize(page.limit);
    next = std::to_string(entries.back().id);
  }
  ListBody list;
  for (const auto& entry : entries) {
    JsonObject json(list.item());
    json.number("id", entry.id);
    json.time("at", entry.at);
    json.text("who", entry.who);
    json.text_or_null("token_id", entry.token_id);
    json.text_or_null("address", entry.address);
    json.text("action", entry.action);
    json.text("object", entry.object);
    json.raw("detail", entry.detail);
    json.close();
  }
  const std::uint64_t total = call.api.store().count_audit_log(filter, max_counted);
  return std::move(list).finish(next, total, total == max_counted);
}

}  // namespace rowhook
