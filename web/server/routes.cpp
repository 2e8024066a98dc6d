#include "web/server/routes.h"

#include "web/server/handlers.h"

namespace rowhook {
namespace {

using enum HttpMethod;
using enum Role;
using enum Work;
using enum Reuse;

constexpr QueryParameter trigger_filters[] = {{"source", "only triggers of this source"},
                                              {"event_type", "only triggers for this event type"},
                                              {"workflow_id", "only triggers of this workflow"},
                                              {"name", "only names that contain this"},
                                              {"is_active", "true or false"}};
constexpr QueryParameter event_filters[] = {{"source", "only events of this source"},
                                            {"event_type", "only this type, e.g. record_updated"},
                                            {"table", "only this table"},
                                            {"record_id", "only this key, as JSON or bare text"},
                                            {"from", "from this time (RFC 3339) or seq on"},
                                            {"to", "before this time, or up to this seq"}};
constexpr QueryParameter tail_filters[] = {{"source", "only events of this source"},
                                           {"event_type", "only this type"},
                                           {"table", "only this table"},
                                           {"from_seq", "the first seq wanted, or `now`"},
                                           {"wait", "how long to wait for one, at most 30s"},
                                           {"limit", "at most so many events"}};
constexpr QueryParameter explain_filters[] = {{"trigger_id", "only the verdict of this trigger"}};
constexpr QueryParameter library_options[] = {{"source", "also the columns of this source's watched tables"},
                                              {"table", "only of this table (a glob)"},
                                              {"format", "json (default), luals, luacheck or markdown"}};
constexpr QueryParameter execution_filters[] = {
    {"status", "pending, running, retrying, completed, dead_letter, cancelled or discarded"},
    {"source", "only executions for events of this source"},
    {"event_type", "only for this event type"},
    {"table", "only for this table"},
    {"record_id", "only for this key, as JSON or bare text"},
    {"workflow_id", "only of this workflow"},
    {"trigger_id", "only of this trigger"},
    {"event_id", "only for this event"},
    {"error", "only errors that contain this"},
    {"from", "made at or after this time (RFC 3339)"},
    {"to", "made before this time (RFC 3339)"}};
constexpr std::span<const QueryParameter> letter_filters = std::span(execution_filters).subspan(1);

constexpr QueryParameter audit_filters[] = {{"who", "only changes made with the token of this name"},
                                            {"action", "only this, e.g. triggers.save"},
                                            {"object", "only of this, or below it, e.g. /triggers/7"},
                                            {"from", "at or after this time (RFC 3339)"},
                                            {"to", "before this time (RFC 3339)"}};

#define API "/api/v1"
constexpr Route table[] = {
    {"triggers.list", get, API "/triggers", viewer, list_triggers, "Triggers, newest first", quick, briefly,
     true, trigger_filters},
    {"triggers.create", post, API "/triggers", author, create_trigger,
     "Make a trigger; with `endpoint` and no `workflow_id` its one-node webhook workflow, too"},
    {.name = "triggers.validate",
     .method = post,
     .pattern = API "/triggers/validate",
     .role = author,
     .handler = validate_trigger_body,
     .summary = "Check a trigger without saving it",
     .work = slow,
     .only_asks = true},
    {.name = "triggers.backtest",
     .method = post,
     .pattern = API "/triggers/backtest",
     .role = author,
     .handler = backtest_trigger,
     .summary =
         "What a new or changed trigger or script would have done with the journal's events, without effects",
     .work = slow,
     .only_asks = true},
    {"triggers.replay", post, API "/triggers/{id}/replay", operator_, replay_trigger,
     "Run what it makes of recorded events again; `dry_run` only counts", slow},
    {"triggers.get", get, API "/triggers/{id}", viewer, show_trigger, "One trigger", quick, briefly},
    {"triggers.save", put, API "/triggers/{id}", author, save_trigger, "Replace a trigger; needs If-Match"},
    {"triggers.delete", del, API "/triggers/{id}", author, delete_trigger, "Remove a trigger"},
    {"triggers.activate", post, API "/triggers/{id}/activate", operator_, activate_trigger, "Let it fire"},
    {"triggers.deactivate", post, API "/triggers/{id}/deactivate", operator_, deactivate_trigger,
     "Keep it from firing"},
    {.name = "triggers.test",
     .method = post,
     .pattern = API "/triggers/{id}/test",
     .role = operator_,
     .handler = test_trigger,
     .summary = "What it would do with a given or recorded event, without effects",
     .work = slow,
     .only_asks = true},

    {"events.list", get, API "/events", viewer, list_events, "Events, newest first", quick, never, true,
     event_filters},
    {.name = "events.post",
     .method = post,
     .pattern = API "/events",
     .role = operator_,
     .handler = post_events,
     .summary = "Put events into the journal: Rowhook's own form or CloudEvents; 202 when they are durable",
     .deferred = post_events_grouped,
     .cloud_events = true},
    {.name = "events.tail",
     .method = get,
     .pattern = API "/events/tail",
     .role = viewer,
     .handler = tail_events,
     .summary = "Events from a seq on, oldest first; waits for the next when there is none",
     .parameters = tail_filters,
     .deferred = tail_events_waiting},
    {"events.list_by_trigger", get, API "/events/trigger/{trigger_id}", viewer, list_events_of_trigger,
     "Events for which that trigger has executions, newest first", quick, never, true, event_filters},
    {"events.get", get, API "/events/{event_id}", viewer, show_event, "One event"},
    {"events.explain", get, API "/events/{event_id}/explain", viewer, explain_event,
     "Why each trigger of its source and type did or did not fire", slow, never, false, explain_filters},

    {"workflows.list", get, API "/workflows", viewer, list_workflows, "Workflows, newest first", quick,
     until_change, true},
    {"workflows.create", post, API "/workflows", author, create_workflow, "Make a workflow", slow},
    {"workflows.get", get, API "/workflows/{id}", viewer, show_workflow, "One workflow", quick, until_change},
    {"workflows.save", put, API "/workflows/{id}", author, save_workflow,
     "Replace a workflow (needs If-Match), or make one under that id", slow},
    {"workflows.delete", del, API "/workflows/{id}", author, delete_workflow,
     "Remove a workflow and its triggers"},
    {"workflows.input_nodes", get, API "/workflows/{id}/input-nodes", viewer, list_input_nodes,
     "The nodes it can start at, in order", quick, until_change, true},
    {"workflows.run", post, API "/workflows/{id}/run", operator_, run_workflow_now,
     "Run it now for a given event or item; with `dry_run` without effects", slow},
    {"definitions.apply", post, API "/definitions", author, apply_definitions,
     "Make the store hold these scripts, workflows and triggers; all are checked before any is stored", slow},
    {"node_types.list", get, API "/node-types", viewer, list_node_types,
     "What nodes there are, with their settings", quick, until_change, true},

    {"executions.list", get, API "/executions", viewer, list_executions, "Executions, newest first", quick,
     never, true, execution_filters},
    {"executions.get", get, API "/executions/{id}", viewer, show_execution, "One execution with its steps",
     slow},
    {"executions.retry", post, API "/executions/{id}/retry", operator_, retry_execution,
     "Run it again now under the same id, with `input` in place of its item if given"},
    {"executions.cancel", post, API "/executions/{id}/cancel", operator_, cancel_execution, "Stop it"},

    {"dead_letters.list", get, API "/dead-letters", viewer, list_dead_letters,
     "Executions whose retries are used up, newest first", quick, never, true, letter_filters},
    {"dead_letters.retry", post, API "/dead-letters/retry", operator_, retry_dead_letters,
     "Run those that match again, oldest first; `dry_run` only counts", slow},
    {"dead_letters.discard", post, API "/dead-letters/discard", operator_, discard_dead_letters,
     "Give up those that match; `dry_run` only counts", slow},

    {"scripts.list", get, API "/scripts", viewer, list_scripts, "Stored scripts, and what their calls cost",
     quick, briefly, true},
    {.name = "scripts.library",
     .method = get,
     .pattern = API "/scripts/library",
     .role = viewer,
     .handler = script_library_list,
     .summary = "What scripts can name, and the columns of a source's tables",
     .parameters = library_options},
    {.name = "scripts.check",
     .method = post,
     .pattern = API "/scripts/check",
     .role = author,
     .handler = check_script,
     .summary = "Find what is wrong with a script without running it",
     .work = slow,
     .only_asks = true},
    {.name = "scripts.run",
     .method = post,
     .pattern = API "/scripts/run",
     .role = author,
     .handler = run_script,
     .summary = "Run a script once on a given or recorded event",
     .work = slow,
     .only_asks = true},
    {"scripts.get", get, API "/scripts/{name}", viewer, show_script, "One script, and what its calls cost",
     quick, briefly},
    {"scripts.save", put, API "/scripts/{name}", author, save_script,
     "Replace a script (needs If-Match), or make one under that name", slow},
    {"scripts.delete", del, API "/scripts/{name}", author, delete_script, "Remove a script"},
    {"scripts.versions", get, API "/scripts/{name}/versions", viewer, list_script_versions,
     "Who changed it when, and how; newest first", quick, until_change, true},
    {"scripts.state", get, API "/scripts/{name}/state", viewer, show_script_state,
     "What it keeps with kv; also of one that was removed"},
    {"scripts.clear_state", del, API "/scripts/{name}/state", author, clear_script_state,
     "Empty what it keeps with kv", slow},
    {"scripts.rollback", post, API "/scripts/{name}/rollback", author, rollback_script,
     "Bring the text of an older `revision` back as a new one; needs If-Match"},

    {"sources.list", get, API "/sources", viewer, list_sources, "Where each source stands", quick, briefly,
     true},
    {"sources.get", get, API "/sources/{name}", viewer, show_source, "One source", quick, briefly},
    {"sources.pause", post, API "/sources/{name}/pause", operator_, pause_source, "Stop reading from it"},
    {"sources.resume", post, API "/sources/{name}/resume", operator_, resume_source, "Go on where it was"},
    {"sources.doctor", get, API "/sources/{name}/doctor", operator_, examine_source,
     "What its database lacks, looked at now, with the SQL that mends it", slow},

    {"metrics.triggers", get, API "/metrics/triggers", viewer, trigger_metrics, "The view trigger_metrics",
     quick, until_change, true},
    {"metrics.trigger_series", get, API "/metrics/trigger-series", viewer, trigger_series,
     "How each trigger that fired lately did in the last ten minutes, and its last failure", quick, briefly,
     true},
    {"metrics.node_targeting", get, API "/metrics/node-targeting", viewer, node_targeting,
     "The view node_targeting_stats", quick, until_change, true},
    {"metrics.prometheus", get, "/metrics", viewer, prometheus_metrics,
     "Counters in Prometheus' text format"},
    {"metrics.prometheus", get, API "/metrics", viewer, prometheus_metrics, "The same"},

    {"tokens.list", get, API "/tokens", admin, list_tokens, "Tokens, without their secrets", quick, never,
     true},
    {.name = "tokens.create",
     .method = post,
     .pattern = API "/tokens",
     .role = admin,
     .handler = create_token,
     .summary = "Make a token; the answer is the only place its secret ever stands",
     .secret_answer = true},
    {"tokens.revoke", del, API "/tokens/{id}", admin, revoke_token, "Make a token useless at once"},
    {"audit_log.list", get, API "/audit-log", admin, list_audit_log,
     "Who changed what, when and from where, newest first", quick, never, true, audit_filters},

    {"openapi.get", get, API "/openapi.json", viewer, show_openapi, "This API as OpenAPI 3.1", quick,
     until_change},
    {.name = "websocket.open",
     .method = get,
     .pattern = API "/ws",
     .role = nobody,
     .handler = websocket_needs_upgrade,
     .summary =
         "A WebSocket: every route here as a JSON-RPC method, and subscriptions; the token comes with the "
         "handshake or the first message",
     .upgrade = true},

    {.name = "session.create",
     .method = post,
     .pattern = API "/session",
     .role = nobody,
     .handler = create_session,
     .summary =
         "Sign a browser in: by the one-time code of a printed link, or by a token; answers with a cookie",
     .secret_answer = true,
     .sets_cookie = true},
    {"session.get", get, API "/session", viewer, show_session, "Who asks, and what they may do"},
    {.name = "session.end",
     .method = del,
     .pattern = API "/session",
     .role = viewer,
     .handler = end_session,
     .summary = "Sign out",
     .sets_cookie = true},
    {.name = "session.create_code",
     .method = post,
     .pattern = API "/session/codes",
     .role = admin,
     .handler = create_session_code,
     .summary = "A code that signs a browser in as admin once, within 15 minutes: BASE/#code=CODE",
     .secret_answer = true},

    {"health.get", get, API "/health", nobody, health,
     "The state of every stream, of the store and the journal", quick, briefly},
    {"health.get", get, "/health", nobody, health, "The same", quick, briefly},
    {"health.live", get, "/livez", nobody, live, "200 while the process serves", quick, briefly},
    {"health.ready", get, "/readyz", nobody, ready, "200 when it can take work, else 503", quick, briefly},
};
#undef API

// The next segment of a path that begins with '/'; cuts it off.
std::string_view next_segment(std::string_view& path) {
  path.remove_prefix(1);
  const auto end = path.find('/');
  const std::string_view segment = path.substr(0, end);
  path = end == std::string_view::npos ? std::string_view() : path.substr(end);
  return segment;
}

// How many literal segments matched before the first parameter decides between two patterns; -1: no match.
// `values` gets the parameters.
int match_pattern(std::string_view pattern, std::string_view path, std::array<std::string_view, 4>& values) {
  std::size_t parameter = 0;
  int literals = 0;
  while (!pattern.empty()) {
    if (path.empty()) return -1;
    const std::string_view wanted = next_segment(pattern), given = next_segment(path);
    if (wanted.starts_with('{')) {
      if (given.empty() || parameter == values.size()) return -1;
      values[parameter++] = given;
    } else {
      if (wanted != given) return -1;
      literals += 1;
    }
  }
  return path.empty() ? literals : -1;
}

}  // namespace

std::span<const Route> api_routes() { return table; }

RouteMatch match_route(std::span<const Route> routes, HttpMethod method, std::string_view path) {
  RouteMatch best;
  if (path.empty() || path.front() != '/') return best;
  const HttpMethod wanted = method == HttpMethod::head ? HttpMethod::get : method;
  int best_literals = -1;
  std::array<std::string_view, 4> values{};
  for (const auto& route : routes) {
    const int literals = match_pattern(route.pattern, path, values);
    // A path belongs to its most literal pattern, whatever the method: DELETE /events/tail is not DELETE
    // /events/{id}.
    if (literals < 0 || literals < best_literals) continue;
    if (literals > best_literals) {
      best = RouteMatch{};
      best_literals = literals;
    }
    if (route.method == wanted) {
      best.route = &route;
      best.values = values;
    }
  }
  if (best.route || best_literals < 0) return best;
  for (const auto& route : routes) {
    if (match_pattern(route.pattern, path, values) != best_literals) continue;
    if (!best.allow.empty()) best.allow += ", ";
    best.allow += to_string(route.method);
    if (route.method == HttpMethod::get) best.allow += ", HEAD";
  }
  best.allow += ", OPTIONS";
  return best;
}

RouteMatch match_route(HttpMethod method, std::string_view path) {
  return match_route(api_routes(), method, path);
}

}  // namespace rowhook
