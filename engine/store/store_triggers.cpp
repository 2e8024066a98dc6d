#include <unordered_map>

#include "engine/store/dialect_text.h"
#include "engine/store/refusals.h"
#include "engine/store/sql_store.h"
#include "engine/store/trigger_revisions.h"

namespace rowhook {
namespace {

// The columns a caller may set, as $2...$9 behind the id.
SqlParams columns_of(const Trigger& trigger, Micros now) {
  return {trigger.id,
          trigger.name,
          trigger.description.empty() ? SqlValue() : SqlValue(trigger.description),
          trigger.workflow_id,
          trigger.source,
          trigger.event_type,
          trigger.target_node_id ? SqlValue(*trigger.target_node_id) : SqlValue(),
          trigger.config.dump(),
          std::int64_t{trigger.is_active},
          now};
}

std::optional<Trigger> read_trigger(Connection& connection, std::int64_t id, bool locked) {
  const std::string sql = std::string(trigger_select) + " WHERE t.id = $1" + (locked ? " LOCKED(t)" : "");
  const SqlResult result = connection.query(in_dialect(sql, connection.dialect()), {id});
  if (result.empty()) return std::nullopt;
  return trigger_from_row(result.rows[0]);
}

std::string named(std::int64_t id) { return "trigger " + std::to_string(id); }

Where conditions(const TriggerFilter& filter) {
  Where where;
  if (!filter.source.empty()) where.add("t.source = ?", filter.source);
  if (!filter.event_type.empty()) where.add("t.event_type = ?", filter.event_type);
  if (!filter.workflow_id.empty()) where.add("t.workflow_id = ?", filter.workflow_id);
  if (!filter.name.empty()) where.add("FIND(lower(t.name), lower(?)) > 0", filter.name);
  if (filter.is_active)
    where.add(*filter.is_active ? "t.is_active = true" : "COALESCE(t.is_active, false) = false");
  return where;
}

// What the revisions in force say, by trigger.
std::unordered_map<std::int64_t, Trigger> revisions_in_force(Connection& connection) {
  std::unordered_map<std::int64_t, Trigger> in_force;
  connection.each("SELECT trigger_id, definition FROM workflow_trigger_revisions WHERE until_seq IS NULL", {},
                  [&](auto row) {
                    in_force[as_int(row[0])] =
                        trigger_from_definition(nlohmann::json::parse(as_text(row[1])));
                    return true;
                  });
  return in_force;
}

struct ForeignChanges {
  std::vector<Trigger> changed;    // new, or not what the revision in force says
  std::vector<std::int64_t> gone;  // have a revision in force, but no row
  bool none() const { return changed.empty() && gone.empty(); }
};

ForeignChanges foreign_changes(Connection& connection) {
  ForeignChanges found;
  auto in_force = revisions_in_force(connection);
  connection.each(in_dialect(trigger_select, connection.dialect()), {}, [&](auto row) {
    Trigger trigger = trigger_from_row(row);
    const auto known = in_force.find(trigger.id);
    if (known == in_force.end() || !same_definition(known->second, trigger)) found.changed.push_back(trigger);
    if (known != in_force.end()) in_force.erase(known);
    return true;
  });
  for (const auto& [id, trigger] : in_force) found.gone.push_back(id);
  return found;
}

}  // namespace

Trigger SqlStore::create_trigger(const Trigger& trigger, std::uint64_t head_seq) {
  refuse_nul(trigger);
  try {
    return database_.write([&](Connection& connection) {
      SqlParams params = columns_of(trigger, clock_.now());
      params.erase(params.begin());
      const SqlResult inserted =
          connection.query(in_dialect("INSERT INTO workflow_triggers (name, description, workflow_id, "
                                      "source, event_type, target_node_id, config, "
                                      "is_active, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, "
                                      "$7, $8, TIME($9), TIME($9)) "
                                      "RETURNING id",
                                      connection.dialect()),
                           params);
      // Read back: the database has the last word on what it stored (jsonb sorts and cuts).
      Trigger stored = *read_trigger(connection, as_int(inserted.rows.at(0).at(0)), false);
      begin_revision(connection, stored, head_seq, stored.created_at);
      return stored;
    });
  } catch (const ConstraintError& error) {
    refuse_trigger(error, trigger);
  }
}

Trigger SqlStore::update_trigger(const Trigger& trigger, std::int64_t expected_revision,
                                 std::uint64_t head_seq) {
  refuse_nul(trigger);
  try {
    return database_.write([&](Connection& connection) {
      const auto before = read_trigger(connection, trigger.id, true);
      if (!before) throw NotFound("there is no " + named(trigger.id));
      check_revision(named(trigger.id), before->revision, expected_revision);
      const Micros now = clock_.now();
      connection.query(
          in_dialect("UPDATE workflow_triggers SET name = $2, description = $3, workflow_id = $4, source = "
                     "$5, event_type = $6, "
                     "target_node_id = $7, config = $8, is_active = $9, updated_at = TIME($10) WHERE id = $1",
                     connection.dialect()),
          columns_of(trigger, now));
      Trigger stored = *read_trigger(connection, trigger.id, false);
      begin_revision(connection, stored, head_seq, now);
      return stored;
    });
  } catch (const ConstraintError& error) {
    refuse_trigger(error, trigger);
  }
}

void SqlStore::delete_trigger(std::int64_t id, std::int64_t expected_revision, std::uint64_t head_seq) {
  database_.write([&](Connection& connection) {
    const auto before = read_trigger(connection, id, true);
    if (!before) throw NotFound("there is no " + named(id));
    check_revision(named(id), before->revision, expected_revision);
    end_revision(connection, id, head_seq);
    connection.query("DELETE FROM workflow_triggers WHERE id = $1", {id});
    drop_trigger_state(connection, id);
  });
}

std::optional<Trigger> SqlStore::trigger(std::int64_t id) {
  return database_.read([&](Connection& connection) { return read_trigger(connection, id, false); });
}

std::vector<Trigger> SqlStore::triggers(const TriggerFilter& filter, const ListRange& range) {
  return database_.read([&](Connection& connection) {
    Where where = conditions(filter);
    if (range.after) where.add("t.id < ?", SqlValue(*range.after));
    std::string sql =
        std::string(trigger_select) + where.text() + " ORDER BY t.id DESC" + limit_text(where, range);
    std::vector<Trigger> list;
    for (const auto& row : connection.query(in_dialect(sql, connection.dialect()), where.params()).rows)
      list.push_back(trigger_from_row(row));
    return list;
  });
}

std::uint64_t SqlStore::count_triggers(const TriggerFilter& filter) {
  const Where where = conditions(filter);
  return count(in_dialect("SELECT count(*) FROM workflow_triggers t" + where.text(), database_.dialect()),
               where.params());
}

std::vector<Trigger> SqlStore::trigger_revisions(std::uint64_t from_seq) {
  return database_.read([&](Connection& connection) {
    std::vector<Trigger> list;
    const SqlParams params{static_cast<std::int64_t>(std::min<std::uint64_t>(from_seq, INT64_MAX))};
    connection.each(
        "SELECT trigger_id, revision, from_seq, until_seq, definition FROM workflow_trigger_revisions "
        "WHERE until_seq IS NULL OR (until_seq > $1 AND until_seq > from_seq) ORDER BY trigger_id, revision",
        params, [&](auto row) {
          Trigger trigger = trigger_from_definition(nlohmann::json::parse(as_text(row[4])));
          trigger.id = as_int(row[0]);
          trigger.revision = as_int(row[1]);
          trigger.from_seq = static_cast<std::uint64_t>(as_int(row[2]));
          if (!is_null(row[3])) trigger.until_seq = static_cast<std::uint64_t>(as_int(row[3]));
          list.push_back(std::move(trigger));
          return true;
        });
    return list;
  });
}

bool SqlStore::adopt_foreign_changes(std::uint64_t head_seq) {
  // Most calls find nothing: look with a reader first, so that the writer is left alone.
  if (database_.read([](Connection& connection) { return foreign_changes(connection).none(); })) return false;
  return database_.write([&](Connection& connection) {
    ForeignChanges found = foreign_changes(connection);
    for (const std::int64_t id : found.gone) end_revision(connection, id, head_seq);
    for (Trigger& trigger : found.changed) begin_revision(connection, trigger, head_seq, clock_.now());
    return !found.none();
  });
}

std::uint64_t SqlStore::change_marker() {
  return database_.read([](Connection& connection) {
    const SqlResult result = connection.query(
        "SELECT COALESCE(max(id), 0), count(*), CAST(COALESCE(sum(id), 0) AS BIGINT) FROM store_changes");
    // Rows may become visible in another order than their ids have, and old ones go: all three numbers count.
    std::uint64_t marker = 0xcbf29ce484222325U;
    for (const SqlValue& value : result.rows.at(0)) {
      marker ^= static_cast<std::uint64_t>(as_int(value));
      marker *= 0x100000001b3U;
      marker ^= marker >> 29U;
    }
    return marker;
  });
}

std::string cursor_of(const Trigger& trigger) { return std::to_string(trigger.id); }

}  // namespace rowhook
