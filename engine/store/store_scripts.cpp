#include "engine/store/dialect_text.h"
#include "engine/store/refusals.h"
#include "engine/store/sql_store.h"

namespace rowhook {
namespace {

constexpr const char* script_select =
    "SELECT name, text, updated_by, revision, MICROS(created_at), MICROS(updated_at) FROM scripts";

StoredScript script_from_row(std::span<const SqlValue> row) {
  StoredScript script;
  script.name = as_text(row[0]);
  script.text = as_text(row[1]);
  script.updated_by = as_text(row[2]);
  script.revision = as_int(row[3]);
  script.created_at = as_int(row[4]);
  script.updated_at = as_int(row[5]);
  return script;
}

std::optional<StoredScript> read_script(Connection& connection, const std::string& name, bool locked) {
  const std::string sql =
      std::string(script_select) + " WHERE name = $1" + (locked ? " LOCKED(scripts)" : "");
  const SqlResult result = connection.query(in_dialect(sql, connection.dialect()), {name});
  if (result.empty()) return std::nullopt;
  return script_from_row(result.rows[0]);
}

// Ends the version in force before the seq behind the head; returns that seq.
std::int64_t end_version(Connection& connection, const std::string& name, std::uint64_t head_seq) {
  const auto next = static_cast<std::int64_t>(head_seq) + 1;
  connection.query(
      "UPDATE script_versions SET until_seq = CASE WHEN from_seq > $2 THEN from_seq ELSE $2 END "
      "WHERE name = $1 AND until_seq IS NULL",
      {name, next});
  const SqlResult last =
      connection.query("SELECT COALESCE(max(until_seq), 0) FROM script_versions WHERE name = $1", {name});
  return std::max(next, as_int(last.rows[0][0]));
}

}  // namespace

StoredScript SqlStore::save_script(const std::string& name, const std::string& text,
                                   std::int64_t expected_revision, const std::string& who,
                                   std::uint64_t head_seq, std::optional<std::int64_t> restored_from) {
  refuse_nul("the script", "/name", name);
  refuse_nul("the script", "/text", text);
  try {
    return database_.write([&](Connection& connection) {
      const auto sql = [&](const char* statement) { return in_dialect(statement, connection.dialect()); };
      const auto before = read_script(connection, name, true);
      check_revision("script '" + name + "'", before ? std::optional(before->revision) : std::nullopt,
                     expected_revision);
      // A script made anew under an old name goes on counting, or its versions would collide.
      const SqlResult last =
          connection.query("SELECT COALESCE(max(revision), 0) FROM script_versions WHERE name = $1", {name});
      const std::int64_t revision = std::max(as_int(last.rows[0][0]), before ? before->revision : 0) + 1;
      const SqlParams params{name, text, who, revision, clock_.now()};
      connection.query(
          sql(before ? "UPDATE scripts SET text = $2, updated_by = $3, revision = $4, updated_at = TIME($5) "
                       "WHERE name = $1"
                     : "INSERT INTO scripts (name, text, updated_by, revision, created_at, updated_at) "
                       "VALUES ($1, $2, $3, $4, TIME($5), TIME($5))"),
          params);
      SqlParams version = params;
      version.emplace_back(end_version(connection, name, head_seq));
      version.push_back(restored_from ? SqlValue(*restored_from) : SqlValue());
      connection.query(sql("INSERT INTO script_versions (name, text, updated_by, revision, created_at, "
                           "from_seq, restored_from) "
                           "VALUES ($1, $2, $3, $4, TIME($5), $6, $7)"),
                       version);
      return *read_script(connection, name, false);
    });
  } catch (const ConstraintError& error) {
    refuse_script(error, name);
  }
}

void SqlStore::delete_script(const std::string& name, std::uint64_t head_seq) {
  database_.write([&](Connection& connection) {
    end_version(connection, name, head_seq);
    if (connection.query("DELETE FROM scripts WHERE name = $1", {name}).affected == 0)
      throw NotFound("there is no script '" + name + "'");
  });
}

std::optional<StoredScript> SqlStore::script(const std::string& name) {
  return database_.read([&](Connection& connection) { return read_script(connection, name, false); });
}

std::vector<StoredScript> SqlStore::scripts(const ListRange& range) {
  return database_.read([&](Connection& connection) {
    Where where;
    if (range.after) {
      require_row(connection, "SELECT 1 FROM scripts WHERE name = $1", *range.after);
      where.add("(created_at, name) < (SELECT created_at, name FROM scripts WHERE name = ?)", *range.after);
    }
    std::string sql =
        script_select + where.text() + " ORDER BY created_at DESC, name DESC" + limit_text(where, range);
    std::vector<StoredScript> list;
    for (const auto& row : connection.query(in_dialect(sql, connection.dialect()), where.params()).rows)
      list.push_back(script_from_row(row));
    return list;
  });
}

std::uint64_t SqlStore::count_scripts() { return count("SELECT count(*) FROM scripts"); }

std::vector<ScriptVersion> SqlStore::script_versions(const std::string& name) {
  return database_.read([&](Connection& connection) {
    std::vector<ScriptVersion> list;
    const SqlResult result = connection.query(
        in_dialect("SELECT text, updated_by, revision, MICROS(created_at), from_seq, until_seq, "
                   "restored_from FROM script_versions WHERE name = $1 ORDER BY revision DESC",
                   connection.dialect()),
        {name});
    for (const auto& row : result.rows) {
      ScriptVersion& version = list.emplace_back();
      version.text = as_text(row[0]);
      version.updated_by = as_text(row[1]);
      version.revision = as_int(row[2]);
      version.created_at = as_int(row[3]);
      version.from_seq = static_cast<std::uint64_t>(as_int(row[4]));
      if (!is_null(row[5])) version.until_seq = static_cast<std::uint64_t>(as_int(row[5]));
      if (!is_null(row[6])) version.restored_from = as_int(row[6]);
    }
    return list;
  });
}

std::optional<std::string> SqlStore::script_text_at(const std::string& name, std::uint64_t seq) {
  return database_.read([&](Connection& connection) -> std::optional<std::string> {
    const auto place = static_cast<std::int64_t>(std::min<std::uint64_t>(seq, INT64_MAX));
    const SqlResult found = connection.query(
        "SELECT text FROM script_versions WHERE name = $1 AND from_seq <= $2 AND (until_seq IS NULL OR "
        "until_seq > $2) "
        "ORDER BY revision DESC LIMIT 1",
        {name, place});
    if (!found.empty()) return as_text(found.rows[0][0]);
    // One that another program put there has no versions.
    const SqlResult versions =
        connection.query("SELECT 1 FROM script_versions WHERE name = $1 LIMIT 1", {name});
    if (!versions.empty()) return std::nullopt;
    const auto stored = read_script(connection, name, false);
    return stored ? std::optional(stored->text) : std::nullopt;
  });
}

std::string cursor_of(const StoredScript& script) { return script.name; }

}  // namespace rowhook
