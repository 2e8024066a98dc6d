#include "engine/base/log.h"
#include "engine/store/dialect_text.h"
#include "engine/store/refusals.h"
#include "engine/store/sql_store.h"
#include "engine/store/trigger_revisions.h"
#include "engine/store/workflow_rows.h"

namespace rowhook {

Definition workflow_from_row(std::span<const SqlValue> row) {
  const std::string id = as_text(row[0]);
  nlohmann::json document = nlohmann::json::parse(as_text(row[3]), nullptr, false);
  if (!document.is_object()) document = nlohmann::json::object();
  document["id"] = id;
  document["name"] = as_text(row[1]).empty() ? id : as_text(row[1]);
  document["description"] = as_text(row[2]);
  document["is_active"] = as_bool(row[5]);
  std::vector<Problem> problems;
  Definition definition = definition_from_json(document, problems);
  if (!problems.empty()) {
    definition = {};
    definition.id = id;
    definition.name = document["name"];
    definition.description = document["description"];
    definition.is_active = document["is_active"];
    // An empty one is somebody's beginning, made with psql; anything else has lost something.
    if (document.contains("nodes") && document["nodes"] != nlohmann::json::array())
      log::warning(
          "a stored workflow is not valid and has no nodes",
          {{"workflow_id", id}, {"pointer", problems.front().pointer}, {"detail", problems.front().detail}});
  }
  definition.revision = as_int(row[4]);
  return definition;
}

std::optional<Definition> read_workflow(Connection& connection, const std::string& id) {
  const SqlResult result =
      connection.query("SELECT " + std::string(workflow_columns) + " FROM workflows WHERE id = $1", {id});
  if (result.empty()) return std::nullopt;
  return workflow_from_row(result.rows[0]);
}

namespace {

[[noreturn]] void throw_no_workflow(const std::string& id) {
  throw NotFound("there is no workflow '" + id + "'", "rowhook workflows list shows those there are");
}

// The stored revision, or nothing; the row stays as it is until the transaction ends.
std::optional<std::int64_t> locked_revision(Connection& connection, const std::string& id) {
  const SqlResult result = connection.query(
      in_dialect("SELECT w.revision FROM workflows w WHERE w.id = $1 LOCKED(w)", connection.dialect()), {id});
  if (result.empty()) return std::nullopt;
  return as_int(result.rows[0][0]);
}

}  // namespace

Definition SqlStore::save_workflow(const Definition& definition, std::int64_t expected_revision) {
  refuse_nul(definition);
  Definition saved = definition;
  try {
    database_.write([&](Connection& connection) {
      const auto stored = locked_revision(connection, definition.id);
      check_revision("workflow '" + definition.id + "'", stored, expected_revision);
      const SqlParams params{definition.id,
                             definition.name,
                             definition.description,
                             to_json(definition).dump(),
                             std::int64_t{definition.is_active},
                             clock_.now()};
      const char* sql = stored ? "UPDATE workflows SET name = $2, description = $3, definition = $4, "
                                 "is_active = $5, updated_at = TIME($6), "
                                 "revision = revision + 1 WHERE id = $1"
                               : "INSERT INTO workflows (id, name, description, definition, is_active, "
                                 "created_at, updated_at) "
                                 "VALUES ($1, $2, $3, $4, $5, TIME($6), TIME($6))";
      connection.query(in_dialect(sql, connection.dialect()), params);
      saved.revision = stored.value_or(0) + 1;
    });
  } catch (const ConstraintError& error) {
    refuse_workflow(error, definition);
  }
  return saved;
}

void SqlStore::delete_workflow(const std::string& id, std::int64_t expected_revision,
                               std::uint64_t head_seq) {
  database_.write([&](Connection& connection) {
    const auto stored = locked_revision(connection, id);
    if (!stored) throw_no_workflow(id);
    check_revision("workflow '" + id + "'", stored, expected_revision);
    const SqlResult triggers =
        connection.query("SELECT id FROM workflow_triggers WHERE workflow_id = $1", {id});
    for (const auto& row : triggers.rows) {
      end_revision(connection, as_int(row[0]), head_seq);
      drop_trigger_state(connection, as_int(row[0]));
    }
    connection.query("DELETE FROM workflows WHERE id = $1",
                     {id});  // its triggers go with it: ON DELETE CASCADE
  });
}

std::optional<Definition> SqlStore::workflow(const std::string& id) {
  return database_.read([&](Connection& connection) { return read_workflow(connection, id); });
}

std::vector<Definition> SqlStore::workflows(const ListRange& range) {
  return database_.read([&](Connection& connection) {
    Where where;
    if (range.after) {
      require_row(connection, "SELECT 1 FROM workflows WHERE id = $1", *range.after);
      where.add("(created_at, id) < (SELECT created_at, id FROM workflows WHERE id = ?)", *range.after);
    }
    std::string sql = "SELECT " + std::string(workflow_columns) + " FROM workflows" + where.text() +
                      " ORDER BY created_at DESC, id DESC" + limit_text(where, range);
    std::vector<Definition> list;
    for (const auto& row : connection.query(sql, where.params()).rows) list.push_back(workflow_from_row(row));
    return list;
  });
}

std::uint64_t SqlStore::count_workflows() { return count("SELECT count(*) FROM workflows"); }

std::string cursor_of(const Definition& definition) { return definition.id; }

}  // namespace rowhook
