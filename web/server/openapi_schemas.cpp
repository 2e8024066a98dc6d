// The shapes of what requests carry and answers hold. Every answer of the API tests is checked against them.
#include <nlohmann/json.hpp>

#include "engine/router/trigger.h"
#include "web/server/openapi.h"

namespace rowhook {
namespace {

constexpr std::string_view definitions = R"json({
"Problem": {"type": "object", "description": "RFC 9457.", "required": ["type", "title", "status", "detail", "errors"], "properties": {
  "type": {"type": "string", "description": "urn:rowhook:problem:KIND"}, "title": {"type": "string"},
  "status": {"type": "integer"}, "detail": {"type": "string"},
  "hint": {"type": "string", "description": "What to do about it."},
  "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
  "current": {"description": "After 412 on a PUT: what is stored now."},
  "changes": {"type": "array", "items": {"type": "object"}, "description": "After 412 on a PUT: the JSON Patch from `current` to what was sent."}}},
"OptionalTime": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
"FieldError": {"type": "object", "required": ["pointer", "detail"], "properties": {
  "pointer": {"type": "string", "description": "JSON Pointer into what was sent; empty for the whole."},
  "detail": {"type": "string"}}},

"TriggerInput": {"type": "object", "required": ["name", "source", "event_type"], "properties": {
  "name": {"type": "string", "minLength": 3, "maxLength": 255}, "description": {"type": ["string", "null"]},
  "workflow_id": {"type": "string", "description": "May be absent where there is an `endpoint`: then its workflow is made."},
  "source": {"type": "string"}, "event_type": {"type": "string"},
  "target_node_id": {"type": ["string", "null"], "description": "The node it starts at; null: the first input node."},
  "endpoint": {"type": "string", "format": "uri", "description": "The same as config.endpoint."},
  "secret": {"type": "string", "writeOnly": true},
  "config": {"$ref": "#/components/schemas/TriggerConfig"}, "is_active": {"type": "boolean", "default": true}}},
"Trigger": {"type": "object", "required": ["id", "name", "workflow_id", "source", "event_type", "target_node_id", "config", "is_active", "revision"],
 "properties": {
  "id": {"type": "integer"}, "name": {"type": "string"}, "description": {"type": ["string", "null"]},
  "workflow_id": {"type": "string"}, "source": {"type": "string"}, "event_type": {"type": "string"},
  "target_node_id": {"type": ["string", "null"]}, "config": {"type": "object", "description": "TriggerConfig, with *** for secrets."},
  "is_active": {"type": "boolean"}, "revision": {"type": "integer"},
  "breaker": {"type": "object", "required": ["state"], "description": "Whether its scripts had to be stopped too often.", "properties": {
    "state": {"enum": ["closed", "open", "half_open"]}, "stops": {"type": "integer"}, "since": {"type": "string", "format": "date-time"},
    "next_trial": {"type": "string", "format": "date-time"}}},
  "created_at": {"type": "string", "format": "date-time"}, "updated_at": {"type": "string", "format": "date-time"}}},
"Validation": {"type": "object", "required": ["valid", "errors"], "properties": {
  "valid": {"type": "boolean"}, "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}}}},
"EventChoice": {"type": "object", "description": "One of the two.", "properties": {
  "event": {"$ref": "#/components/schemas/GivenEvent"}, "event_id": {"type": "string", "description": "Of a recorded one."}}},
"Verdict": {"type": "object", "required": ["verdict", "reason", "predicate", "values", "line"], "properties": {
  "trigger_id": {"type": "integer"}, "trigger_name": {"type": "string"},
  "verdict": {"enum": ["matched", "filtered", "inactive", "error", "throttled", "loop", "no_node"]},
  "reason": {"type": "string"}, "predicate": {"type": ["string", "null"]}, "values": {"type": "object"},
  "line": {"type": ["integer", "null"]}, "script_error": {"type": "string"},
  "execution_id": {"type": ["string", "null"]},
  "state_known": {"type": "boolean", "description": "false: scripts that use kv decided, and what that held when the event came is not kept."}}},
"TriggerTest": {"allOf": [{"$ref": "#/components/schemas/Verdict"}, {"type": "object", "required": ["event_id", "is_active", "item", "execution"], "properties": {
  "event_id": {"type": "string"}, "is_active": {"type": "boolean"}, "item": {"description": "What the workflow would start with; null: it would not run."},
  "execution": {"anyOf": [{"$ref": "#/components/schemas/Execution"}, {"type": "null"}]}}}]},
"Explanation": {"type": "object", "required": ["event_id", "verdicts"], "properties": {
  "event_id": {"type": "string"}, "verdicts": {"type": "array", "items": {"$ref": "#/components/schemas/Verdict"}}}},

"GivenEvent": {"type": "object", "required": ["event_type"], "description": "An event as it would be captured; only event_type is needed.", "properties": {
  "event_type": {"type": "string"}, "source": {"type": "string"}, "table": {"type": "string"}, "record_id": {},
  "old_values": {"type": ["object", "null"]}, "new_values": {"type": ["object", "null"]},
  "timestamp": {"type": "string", "format": "date-time"}, "metadata": {"type": ["object", "null"]}}},
"Event": {"type": "object", "required": ["event_id", "trigger_id", "seq", "source", "event_type"], "properties": {
  "event_id": {"type": "string"}, "trigger_id": {"type": "string", "description": "The same value as event_id."},
  "seq": {"type": "integer"}, "source": {"type": "string"}, "event_type": {"type": "string"},
  "database": {"type": ["string", "null"]}, "schema": {"type": ["string", "null"]}, "table": {"type": ["string", "null"]},
  "record_id": {"description": "The key's value; an object for a key of several columns; null without one."},
  "old_values": {"type": ["object", "null"]}, "new_values": {"type": ["object", "null"]},
  "changed_fields": {"type": ["array", "null"], "items": {"type": "string"}, "description": "null: unknown."},
  "timestamp": {"type": "string", "format": "date-time"}, "user": {"type": ["string", "null"]},
  "metadata": {"type": "object"},
  "dropped": {"type": "boolean", "description": "Retention has dropped it; what its execution says is left."}}},
"PostedEvent": {"type": "object", "required": ["event_type"], "additionalProperties": false, "properties": {
  "event_type": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}, "data": {},
  "metadata": {"type": ["object", "null"], "properties": {"source": {"type": "string"}, "timestamp": {"type": "string", "format": "date-time"},
    "user_id": {}, "additional_data": {}, "hops": {"type": "integer"}}}}},
"CloudEvent": {"type": "object", "required": ["specversion", "id", "source", "type"], "properties": {
  "specversion": {"const": "1.0"}, "id": {"type": "string"}, "source": {"type": "string"}, "type": {"type": "string"},
  "time": {"type": "string", "format": "date-time"}, "subject": {"type": "string"}, "data": {}}},
"Posted": {"type": "object", "required": ["event_id", "seq"], "properties": {"event_id": {"type": "string"}, "seq": {"type": "integer"}}},
"PostedAll": {"anyOf": [{"$ref": "#/components/schemas/Posted"}, {"$ref": "#/components/schemas/PostedPage"}]},
"Tail": {"type": "object", "required": ["items", "next_seq"], "properties": {
  "items": {"type": "array", "items": {"$ref": "#/components/schemas/Event"}}, "next_seq": {"type": "integer"}}},

"Node": {"type": "object", "required": ["node_id", "node_type"], "properties": {
  "node_id": {"type": "string"}, "node_type": {"type": "string", "description": "One of GET /node-types."}, "name": {"type": "string"},
  "config": {"type": "object", "description": "As the node type's `config` says; secrets read as ***."},
  "position": {"type": "object", "properties": {"x": {"type": "number"}, "y": {"type": "number"}}}}},
"NodeConnection": {"type": "object", "required": ["from_node_id", "to_node_id"], "properties": {
  "from_node_id": {"type": "string"}, "from_port": {"type": "string", "default": "output"},
  "to_node_id": {"type": "string"}, "to_port": {"type": "string", "default": "input"}}},
"WorkflowInput": {"type": "object", "required": ["nodes"], "properties": {
  "id": {"type": "string", "description": "Made from the name where it is absent."}, "name": {"type": "string"}, "description": {"type": "string"},
  "is_active": {"type": "boolean", "default": true}, "tags": {"type": "array", "items": {"type": "string"}},
  "nodes": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
  "connections": {"type": "array", "items": {"$ref": "#/components/schemas/NodeConnection"}},
  "settings": {"type": "object", "properties": {"timeout": {"type": "string"}, "retry": {"type": "object"}}}}},
"Workflow": {"allOf": [{"$ref": "#/components/schemas/WorkflowInput"}, {"type": "object", "required": ["id", "name", "revision", "connections"], "properties": {
  "revision": {"type": "integer"}}}]},
"InputNode": {"type": "object", "required": ["node_id", "node_type", "name"], "properties": {
  "node_id": {"type": "string"}, "node_type": {"type": "string"}, "name": {"type": "string"}}},
"NodeType": {"type": "object", "required": ["name", "title", "doc", "inputs", "outputs", "config"], "properties": {
  "name": {"type": "string"}, "title": {"type": "string"}, "doc": {"type": "string"}, "is_input": {"type": "boolean"}, "has_effects": {"type": "boolean"},
  "inputs": {"type": "array", "items": {"type": "string"}}, "outputs": {"type": "array", "items": {"type": "string"}},
  "config": {"type": "object", "description": "JSON Schema of the node's settings."}}},
"WorkflowRun": {"type": "object", "additionalProperties": false, "properties": {
  "event": {"$ref": "#/components/schemas/GivenEvent"}, "event_id": {"type": "string"}, "item": {"description": "In place of the event."},
  "target_node_id": {"type": "string"}, "dry_run": {"type": "boolean", "default": false}}},
"Definitions": {"type": "object", "additionalProperties": false, "properties": {
  "scripts": {"type": "object", "additionalProperties": {"type": "string"}},
  "workflows": {"type": "array", "items": {"$ref": "#/components/schemas/WorkflowInput"}},
  "triggers": {"type": "array", "items": {"$ref": "#/components/schemas/TriggerInput"}, "description": "Their names say which."},
  "dry_run": {"type": "boolean", "default": false}}},
"DefinitionChanges": {"type": "object", "required": ["items", "dry_run"], "properties": {"dry_run": {"type": "boolean"},
  "items": {"type": "array", "items": {"type": "object", "required": ["action", "kind", "name"], "properties": {
    "action": {"enum": ["create", "update", "unchanged"]}, "kind": {"enum": ["script", "workflow", "trigger"]}, "name": {"type": "string"}}}}}},

"Step": {"type": "object", "required": ["node_id", "node_type", "status"], "properties": {
  "node_id": {"type": "string"}, "node_type": {"type": "string"}, "status": {"type": "string"}, "input": {}, "output": {},
  "ports": {"type": "array", "items": {"type": "string"}}, "error_message": {"type": ["string", "null"]},
  "execution_time_ms": {"type": "number"}, "notes": {"type": "array", "items": {"type": "string"}}}},
"Execution": {"type": "object", "required": ["id", "trigger_id", "workflow_id", "event_id", "seq", "status", "attempt"], "properties": {
  "id": {"type": "string"}, "trigger_id": {"type": ["integer", "null"], "description": "null: run by hand."},
  "trigger_revision": {"type": "integer"}, "workflow_id": {"type": "string"}, "event_id": {"type": ["string", "null"]},
  "seq": {"type": "integer"}, "source": {"type": ["string", "null"]}, "event_type": {"type": ["string", "null"]},
  "table": {"type": ["string", "null"]}, "key": {}, "target_node_id": {"type": ["string", "null"]},
  "status": {"enum": ["pending", "running", "retrying", "completed", "dead_letter", "cancelled", "discarded"]},
  "attempt": {"type": "integer"}, "error_message": {"type": ["string", "null"]},
  "created_at": {"$ref": "#/components/schemas/OptionalTime"}, "started_at": {"$ref": "#/components/schemas/OptionalTime"},
  "finished_at": {"$ref": "#/components/schemas/OptionalTime"}, "next_attempt_at": {"$ref": "#/components/schemas/OptionalTime"},
  "execution_time_ms": {"type": "number"}, "edited_input": {},
  "steps": {"type": "array", "items": {"$ref": "#/components/schemas/Step"}, "description": "Only where one execution is asked for."}}},
"RetryInput": {"type": "object", "additionalProperties": false, "properties": {"input": {"description": "In place of the trigger's item."}}},
"DeadLetterFilter": {"type": "object", "properties": {
  "ids": {"type": "array", "items": {"type": "string"}, "maxItems": 10000}, "trigger_id": {"type": "integer"}, "workflow_id": {"type": "string"},
  "source": {"type": "string"}, "event_type": {"type": "string"}, "table": {"type": "string"}, "record_id": {"type": "string"},
  "event_id": {"type": "string"}, "error": {"type": "string", "description": "Only errors that contain this."},
  "from": {"type": "string", "format": "date-time"}, "to": {"type": "string", "format": "date-time"}}},
"DeadLetterSelection": {"allOf": [{"$ref": "#/components/schemas/DeadLetterFilter"}, {"type": "object", "properties": {
  "filter": {"$ref": "#/components/schemas/DeadLetterFilter"}, "dry_run": {"type": "boolean", "default": false}}}]},
"DeadLetterResult": {"type": "object", "required": ["matched", "dry_run", "failed", "remaining"], "properties": {
  "matched": {"type": "integer"}, "dry_run": {"type": "boolean"}, "retried": {"type": "integer"}, "discarded": {"type": "integer"},
  "remaining": {"type": "integer"}, "failed": {"type": "array", "items": {"type": "object", "required": ["id", "detail"], "properties": {
    "id": {"type": "string"}, "detail": {"type": "string"}}}}}},

"JournalPlace": {"description": "A seq, or a time: the first event captured then.", "anyOf": [
  {"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9]+$"}, {"type": "string", "format": "date-time"}, {"type": "null"}]},
"BacktestInput": {"type": "object", "additionalProperties": false, "description": "At least one of `trigger` and `trigger_id`.", "properties": {
  "trigger": {"description": "A trigger as POST /triggers takes it; it needs no workflow.", "anyOf": [{"$ref": "#/components/schemas/TriggerInput"}, {"type": "null"}]},
  "trigger_id": {"type": ["integer", "null"], "description": "A stored trigger: tried itself, or what `trigger` is compared with."},
  "scripts": {"type": ["object", "null"], "additionalProperties": {"type": "string"}, "description": "Changed texts of scripts that the trigger names."},
  "from": {"$ref": "#/components/schemas/JournalPlace"}, "to": {"$ref": "#/components/schemas/JournalPlace"},
  "samples": {"type": "integer", "minimum": 0, "maximum": 200, "default": 20},
  "time_limit": {"type": "string", "description": "At most 20s; next_seq says where to go on.", "default": "5s"}}},
"ReplayInput": {"type": "object", "additionalProperties": false, "description": "`from`, or one event.", "properties": {
  "from": {"$ref": "#/components/schemas/JournalPlace"}, "to": {"$ref": "#/components/schemas/JournalPlace"},
  "event_id": {"type": ["string", "null"]}, "dry_run": {"type": "boolean", "default": false}}},
"Replay": {"type": "object", "required": ["dry_run", "from_seq", "to_seq", "next_seq", "events", "matched", "replayed", "waiting"], "properties": {
  "dry_run": {"type": "boolean"}, "from_seq": {"type": "integer"}, "to_seq": {"type": "integer"},
  "next_seq": {"type": ["integer", "null"], "description": "Where to go on; null: done."}, "events": {"type": "integer"},
  "matched": {"type": "integer", "description": "Events that the trigger fires for."}, "replayed": {"type": "integer"},
  "waiting": {"type": "integer", "description": "Of them: their executions wait or run already."}}},
"Backtest": {"type": "object", "required": ["from_seq", "to_seq", "next_seq", "events", "fired", "differing", "failures"], "properties": {
  "from_seq": {"type": "integer"}, "to_seq": {"type": "integer"}, "next_seq": {"type": ["integer", "null"], "description": "Where to go on; null: done."},
  "events": {"type": "integer"},
  "state_known": {"type": "boolean", "description": "false: scripts use kv, and saw for every event what it holds now."},
  "fired": {"type": "array", "items": {"type": "object"}}, "differing": {"type": "array", "items": {"type": "object"}}}},
"Finding": {"type": "object", "required": ["severity", "check", "detail", "remedy"], "properties": {
  "severity": {"type": "string"}, "check": {"type": "string"}, "detail": {"type": "string"},
  "remedy": {"type": ["string", "null"], "description": "The SQL or the command that mends it."}}},
"RollbackInput": {"type": "object", "required": ["revision"], "additionalProperties": false, "properties": {"revision": {"type": "integer"}}},
"ScriptVersion": {"type": "object", "required": ["revision", "updated_by", "created_at", "in_force", "source"], "properties": {
  "revision": {"type": "integer"}, "updated_by": {"type": "string"}, "created_at": {"type": "string", "format": "date-time"},
  "in_force": {"type": "boolean"}, "from_seq": {"type": "integer"}, "until_seq": {"type": ["integer", "null"]},
  "restored_from": {"type": ["integer", "null"]}, "source": {"type": "string"}, "diff": {"type": "string"}}},
"ScriptState": {"type": "object", "required": ["name", "keys", "bytes", "state"], "properties": {
  "name": {"type": "string"}, "keys": {"type": "integer"}, "bytes": {"type": "integer", "description": "Of keys and values as JSON; at most 65536."},
  "state": {"type": "object", "description": "Values by key."}}},
"ScriptInput": {"type": "object", "properties": {
  "source": {"type": "string", "description": "The Lua text."}, "text": {"type": "string", "description": "The same as source."},
  "kind": {"enum": ["filter", "transform"]}, "name": {"type": "string"}}},
"Script": {"type": "object", "required": ["name", "source", "revision"], "properties": {
  "name": {"type": "string"}, "source": {"type": "string"}, "revision": {"type": "integer"}, "updated_by": {"type": "string"},
  "created_at": {"type": "string", "format": "date-time"}, "updated_at": {"type": "string", "format": "date-time"}}},
"ScriptRun": {"allOf": [{"$ref": "#/components/schemas/ScriptInput"}, {"$ref": "#/components/schemas/EventChoice"},
  {"type": "object", "properties": {"item": {"description": "For a node's script."}}}]},
"ScriptError": {"type": "object", "required": ["type", "message"], "properties": {
  "type": {"type": "string", "description": "syntax, runtime, time_limit, memory_limit, stack, killed, refused, result or what the script raised."},
  "message": {"type": "string"}, "script": {"type": "string"}, "line": {"type": ["integer", "null"]}, "column": {"type": ["integer", "null"]},
  "traceback": {"type": "string"}, "fields": {"type": "object"}, "retry_after_ms": {"type": "integer"}}},
"ScriptCheckInput": {"allOf": [{"$ref": "#/components/schemas/ScriptInput"}, {"type": "object", "properties": {
  "event_source": {"type": "string", "description": "Checks the names of columns against the tables of this source."}, "table": {"type": "string"}}}]},
"ScriptCheck": {"type": "object", "required": ["ok", "problems"], "properties": {"ok": {"type": "boolean"},
  "columns_known": {"type": "boolean", "description": "Columns were checked against those of the tables."}, "error": {"$ref": "#/components/schemas/ScriptError"},
  "problems": {"type": "array", "items": {"type": "object", "required": ["severity", "line", "column", "message"], "properties": {
    "severity": {"enum": ["error", "warning"]}, "line": {"type": "integer"}, "column": {"type": "integer"}, "message": {"type": "string"}}}}}},
"ScriptLibrary": {"type": "object", "required": ["entries", "tables"], "properties": {
  "entries": {"type": "array", "items": {"type": "object", "required": ["name", "kind", "form", "doc"]}},
  "tables": {"type": "array", "items": {"type": "object", "required": ["name", "columns"]}}}},
"ScriptResult": {"type": "object", "required": ["ok", "logs", "time_ms", "memory_bytes"], "properties": {
  "ok": {"type": "boolean"}, "result": {}, "error": {"$ref": "#/components/schemas/ScriptError"},
  "logs": {"type": "array", "items": {"type": "object", "properties": {"level": {"type": "string"}, "message": {"type": "string"}}}},
  "time_ms": {"type": "number"}, "memory_bytes": {"type": "integer"}}},

"Source": {"type": "object", "required": ["name", "state", "reason", "remedy", "position", "lag_seconds", "lag_bytes"], "properties": {
  "name": {"type": "string"}, "state": {"enum": ["running", "degraded", "gap", "failed", "paused"]}, "reason": {"type": ["string", "null"]},
  "remedy": {"type": ["string", "null"]}, "position": {"type": ["string", "null"]}, "lag_seconds": {"type": "number"}, "lag_bytes": {"type": "integer"}}},
"Part": {"type": "object", "required": ["status", "reason"], "properties": {
  "status": {"enum": ["ok", "degraded", "failed"]}, "reason": {"type": ["string", "null"]}}},
"Health": {"type": "object", "required": ["status", "version", "sources", "store", "journal"], "properties": {
  "status": {"enum": ["ok", "degraded", "failed"]}, "version": {"type": "string"},
  "sources": {"type": "array", "items": {"$ref": "#/components/schemas/Source"}}, "store": {"$ref": "#/components/schemas/Part"},
  "journal": {"allOf": [{"$ref": "#/components/schemas/Part"}, {"type": "object", "properties": {"first_seq": {"type": "integer"},
    "last_seq": {"type": "integer"}, "bytes": {"type": "integer"}, "budget_bytes": {"type": "integer"},
    "max_age_seconds": {"type": "integer", "description": "How long events are kept: journal.retention.max_age"}}}]}}},
"Alive": {"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}},
"TriggerMetric": {"type": "object", "required": ["hour", "source", "event_type", "trigger_count", "active_count", "node_targeting_ratio"], "properties": {
  "hour": {"type": "string", "format": "date-time"}, "source": {"type": "string"}, "event_type": {"type": "string"},
  "trigger_count": {"type": "integer"}, "active_count": {"type": "integer"}, "node_targeting_ratio": {"type": "number"}}},
"TriggerSeries": {"type": "object", "required": ["trigger_id", "from", "step_seconds", "completed", "failed", "p99_ms", "last_failure"], "properties": {
  "trigger_id": {"type": "integer"}, "from": {"type": "string", "format": "date-time", "description": "When the first step begins."},
  "step_seconds": {"type": "integer"},
  "completed": {"type": "array", "items": {"type": "integer"}, "description": "Executions that completed in each step, the oldest first; the last step is not over yet."},
  "failed": {"type": "array", "items": {"type": "integer"}, "description": "Attempts that failed, whether they are tried again or not."},
  "p99_ms": {"type": "array", "items": {"type": ["number", "null"]}, "description": "Within 12.5 %; null: nothing ended."},
  "last_failure": {"anyOf": [{"type": "null"}, {"type": "object", "required": ["execution_id", "message", "at", "dead_letter"], "properties": {
    "execution_id": {"type": "string"}, "message": {"type": "string"}, "at": {"type": "string", "format": "date-time"}, "dead_letter": {"type": "boolean"}}}]}}},
"NodeTargeting": {"type": "object", "required": ["routing_type", "count", "percentage"], "properties": {
  "routing_type": {"enum": ["targeted", "auto_detected"]}, "count": {"type": "integer"}, "percentage": {"type": "number"}}},

"SignIn": {"type": "object", "additionalProperties": false, "description": "One of the two.", "properties": {
  "code": {"type": "string", "description": "Of the link that was printed; it works once."}, "token": {"type": "string"}}},
"Session": {"type": "object", "required": ["name", "role", "expires_at"], "properties": {
  "name": {"type": "string"}, "role": {"$ref": "#/components/schemas/Role"}, "expires_at": {"$ref": "#/components/schemas/OptionalTime"}}},
"SignInCode": {"type": "object", "required": ["code", "expires_at"], "properties": {
  "code": {"type": "string"}, "expires_at": {"type": "string", "format": "date-time"}}},
"TokenInput": {"type": "object", "required": ["name", "role"], "additionalProperties": false, "properties": {
  "name": {"type": "string", "minLength": 1, "maxLength": 255}, "role": {"$ref": "#/components/schemas/Role"}}},
"Role": {"enum": ["viewer", "operator", "author", "admin"]},
"Token": {"type": "object", "required": ["id", "name", "role", "created_at", "last_used_at", "revoked_at"], "properties": {
  "id": {"type": "string"}, "name": {"type": "string"}, "role": {"$ref": "#/components/schemas/Role"},
  "created_at": {"type": "string", "format": "date-time"}, "last_used_at": {"$ref": "#/components/schemas/OptionalTime"},
  "revoked_at": {"$ref": "#/components/schemas/OptionalTime"}}},
"NewToken": {"allOf": [{"$ref": "#/components/schemas/Token"}, {"type": "object", "required": ["token"], "properties": {
  "token": {"type": "string", "description": "The secret; it stands nowhere else."}}}]},
"AuditEntry": {"type": "object", "required": ["id", "at", "who", "token_id", "address", "action", "object", "detail"], "properties": {
  "id": {"type": "integer"}, "at": {"type": "string", "format": "date-time"}, "who": {"type": "string", "description": "The token's name."},
  "token_id": {"type": ["string", "null"]}, "address": {"type": ["string", "null"]}, "action": {"type": "string", "description": "The operationId."},
  "object": {"type": "string"}, "detail": {"type": ["object", "null"]}}}
})json";

}  // namespace

Json openapi_schemas() {
  Json schemas = parse_json(definitions);
  schemas["TriggerConfig"] = trigger_config_spec().schema();
  return schemas;
}

}  // namespace rowhook
