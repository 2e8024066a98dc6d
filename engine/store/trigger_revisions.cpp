#include "engine/store/trigger_revisions.h"

#include "engine/store/dialect_text.h"

namespace rowhook {

using nlohmann::json;

const std::string_view trigger_select =
    "SELECT t.id, t.name, t.description, t.workflow_id, t.source, t.event_type, t.target_node_id, t.config, "
    "t.is_active, "
    "MICROS(t.created_at), MICROS(t.updated_at), COALESCE(r.revision, 1), COALESCE(r.from_seq, 0) "
    "FROM workflow_triggers t LEFT JOIN workflow_trigger_revisions r ON r.trigger_id = t.id AND r.until_seq "
    "IS NULL";

Trigger trigger_from_row(std::span<const SqlValue> row) {
  Trigger trigger;
  trigger.id = as_int(row[0]);
  trigger.name = as_text(row[1]);
  trigger.description = as_text(row[2]);
  trigger.workflow_id = as_text(row[3]);
  trigger.source = as_text(row[4]);
  trigger.event_type = as_text(row[5]);
  if (!is_null(row[6])) trigger.target_node_id = as_text(row[6]);
  json config = json::parse(as_text(row[7]), nullptr, false);
  if (config.is_object()) trigger.config = std::move(config);  // NULL reads as {}
  trigger.is_active = as_bool(row[8]);
  trigger.created_at = as_int(row[9]);
  trigger.updated_at = as_int(row[10]);
  trigger.revision = as_int(row[11]);
  trigger.from_seq = static_cast<std::uint64_t>(as_int(row[12]));
  return trigger;
}

json trigger_definition(const Trigger& trigger) {
  return {{"name", trigger.name},
          {"description", trigger.description},
          {"workflow_id", trigger.workflow_id},
          {"source", trigger.source},
          {"event_type", trigger.event_type},
          {"target_node_id", trigger.target_node_id ? json(*trigger.target_node_id) : json()},
          {"config", trigger.config},
          {"is_active", trigger.is_active},
          {"created_at", trigger.created_at},
          {"updated_at", trigger.updated_at}};
}

Trigger trigger_from_definition(const json& definition) {
  Trigger trigger;
  trigger.name = definition.value("name", "");
  trigger.description = definition.value("description", "");
  trigger.workflow_id = definition.value("workflow_id", "");
  trigger.source = definition.value("source", "");
  trigger.event_type = definition.value("event_type", "");
  if (definition.contains("target_node_id") && definition["target_node_id"].is_string())
    trigger.target_node_id = definition["target_node_id"];
  trigger.config = definition.value("config", json::object());
  trigger.is_active = definition.value("is_active", true);
  trigger.created_at = definition.value("created_at", Micros{0});
  trigger.updated_at = definition.value("updated_at", Micros{0});
  return trigger;
}

bool same_definition(const Trigger& a, const Trigger& b) {
  return a.name == b.name && a.description == b.description && a.workflow_id == b.workflow_id &&
         a.source == b.source && a.event_type == b.event_type && a.target_node_id == b.target_node_id &&
         a.is_active == b.is_active && a.config == b.config;
}

void end_revision(Connection& connection, std::int64_t trigger_id, std::uint64_t head_seq) {
  // A revision made at a later head than this one is told (it cannot be, but clocks of several writers
  // differ) keeps a range that is empty, never a negative one.
  connection.query(
      "UPDATE workflow_trigger_revisions SET until_seq = CASE WHEN from_seq > $2 THEN from_seq ELSE $2 END "
      "WHERE trigger_id = $1 AND until_seq IS NULL",
      {trigger_id, static_cast<std::int64_t>(head_seq) + 1});
}

void begin_revision(Connection& connection, Trigger& trigger, std::uint64_t head_seq, Micros now) {
  end_revision(connection, trigger.id, head_seq);
  const SqlResult last = connection.query(
      "SELECT COALESCE(max(revision), 0), COALESCE(max(until_seq), 0) FROM workflow_trigger_revisions WHERE "
      "trigger_id = $1",
      {trigger.id});
  const std::int64_t revision = as_int(last.rows[0][0]) + 1;
  const std::int64_t from_seq = std::max(static_cast<std::int64_t>(head_seq) + 1, as_int(last.rows[0][1]));
  connection.query(
      in_dialect(
          "INSERT INTO workflow_trigger_revisions (trigger_id, revision, from_seq, definition, created_at) "
          "VALUES ($1, $2, $3, $4, TIME($5))",
          connection.dialect()),
      {trigger.id, revision, from_seq, trigger_definition(trigger).dump(), now});
  trigger.revision = revision;
  trigger.from_seq = static_cast<std::uint64_t>(from_seq);
  trigger.until_seq = UINT64_MAX;
}

}  // namespace rowhook
