#include "engine/execution/scheduler.h"
#include "engine/store/store.h"
#include "web/server/execution_json.h"
#include "web/server/given_event.h"
#include "web/server/handlers.h"

namespace rowhook {
namespace {

ApiResponse accepted(const Call& call, const std::string& id) {
  std::string out;
  write_execution(out, find_execution(call.api, id));
  return ApiResponse::json(std::move(out), 202);
}

}  // namespace

ApiResponse list_executions(Call& call) {
  const ExecutionPage page = list_executions(call.api, execution_filter(call), call.query.page());
  ListBody list;
  for (const auto& execution : page.executions) write_execution(list.item(), execution);
  return std::move(list).finish(page.next_cursor, page.total, page.at_least);
}

ApiResponse show_execution(Call& call) {
  return ApiResponse::json(execution_with_steps(call.api, find_execution(call.api, call.parameter())));
}

ApiResponse retry_execution(Call& call) {
  const std::string id = call.parameter();
  const Document body = exact_body(call.request, true);
  check_members(body, {"input"});
  const Document* input = body.find("input");
  call.api.services.scheduler->retry(id, input && !input->is_null() ? input->text() : std::string());
  return accepted(call, id);
}

ApiResponse cancel_execution(Call& call) {
  const std::string id = call.parameter();
  call.api.services.scheduler->cancel(id);
  return accepted(call, id);
}

}  // namespace rowhook
