// The handlers of the route table, one file per resource. Errors are thrown (see problem_response in api.h).
// All run on worker threads; what they call may block.
#pragma once

#include "web/server/call.h"

namespace rowhook {

// triggers.cpp
ApiResponse list_triggers(Call& call);
ApiResponse create_trigger(Call& call);
ApiResponse show_trigger(Call& call);
ApiResponse save_trigger(Call& call);
ApiResponse delete_trigger(Call& call);
ApiResponse activate_trigger(Call& call);
ApiResponse deactivate_trigger(Call& call);
ApiResponse validate_trigger_body(Call& call);
ApiResponse test_trigger(Call& call);      // trigger_test.cpp
ApiResponse backtest_trigger(Call& call);  // backtest.cpp
ApiResponse replay_trigger(Call& call);    // replay.cpp

// events.cpp
ApiResponse list_events(Call& call);
ApiResponse show_event(Call& call);
ApiResponse list_events_of_trigger(Call& call);
ApiResponse post_events(Call& call);
void post_events_grouped(Call& call, Reply reply);
ApiResponse explain_event(Call& call);  // explain.cpp
ApiResponse tail_events(Call& call);
void tail_events_waiting(Call& call, Reply reply);

// workflows.cpp
ApiResponse list_workflows(Call& call);
ApiResponse create_workflow(Call& call);
ApiResponse show_workflow(Call& call);
ApiResponse save_workflow(Call& call);
ApiResponse delete_workflow(Call& call);
ApiResponse list_input_nodes(Call& call);
ApiResponse run_workflow_now(Call& call);
ApiResponse list_node_types(Call& call);

// definitions.cpp
ApiResponse apply_definitions(Call& call);

// executions.cpp
ApiResponse list_executions(Call& call);
ApiResponse show_execution(Call& call);
ApiResponse retry_execution(Call& call);
ApiResponse cancel_execution(Call& call);

// dead_letters.cpp
ApiResponse list_dead_letters(Call& call);
ApiResponse retry_dead_letters(Call& call);
ApiResponse discard_dead_letters(Call& call);

// scripts.cpp
ApiResponse list_scripts(Call& call);
ApiResponse show_script(Call& call);
ApiResponse save_script(Call& call);
ApiResponse delete_script(Call& call);
ApiResponse check_script(Call& call);
ApiResponse run_script(Call& call);
// script_library.cpp
ApiResponse script_library_list(Call& call);
ApiResponse list_script_versions(Call& call);  // script_versions.cpp
ApiResponse rollback_script(Call& call);
ApiResponse show_script_state(Call& call);  // script_state.cpp
ApiResponse clear_script_state(Call& call);

// sources.cpp
ApiResponse list_sources(Call& call);
ApiResponse show_source(Call& call);
ApiResponse pause_source(Call& call);
ApiResponse resume_source(Call& call);
ApiResponse examine_source(Call& call);

// metrics.cpp
ApiResponse trigger_metrics(Call& call);
ApiResponse trigger_series(Call& call);
ApiResponse node_targeting(Call& call);
ApiResponse prometheus_metrics(Call& call);

// health.cpp
ApiResponse health(Call& call);
ApiResponse live(Call& call);
ApiResponse ready(Call& call);

// upgrade.cpp: what GET /ws answers to whoever does not ask for a WebSocket
ApiResponse websocket_needs_upgrade(Call& call);

// page_session.cpp
ApiResponse create_session(Call& call);
ApiResponse show_session(Call& call);
ApiResponse end_session(Call& call);
ApiResponse create_session_code(Call& call);

// audit.cpp
ApiResponse list_audit_log(Call& call);

// openapi.cpp
ApiResponse show_openapi(Call& call);

// dispatch.cpp: OPTIONS of any path
ApiResponse allowed_methods(Call& call);

// tokens.cpp
ApiResponse list_tokens(Call& call);
ApiResponse create_token(Call& call);
ApiResponse revoke_token(Call& call);

}  // namespace rowhook
