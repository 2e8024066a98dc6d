#include "engine/store/store.h"

#include "engine/store/dialect_text.h"
#include "engine/store/migrator.h"
#include "engine/store/sql_store.h"

namespace rowhook {

SqlStore::SqlStore(StoreAddress address, const Clock& clock)
    : clock_(clock), database_(std::move(address)), executions_(database_) {}

std::uint64_t SqlStore::count(const std::string& sql, const SqlParams& params) {
  return database_.read([&](Connection& connection) {
    return static_cast<std::uint64_t>(as_int(connection.query(sql, params).rows.at(0).at(0)));
  });
}

void SqlStore::ping() {
  database_.read([](Connection& connection) {
    return connection.query("SELECT value FROM engine_state WHERE name = 'low_water'");
  });
}

nlohmann::json SqlStore::trigger_metrics() {
  return database_.read([](Connection& connection) {
    nlohmann::json rows = nlohmann::json::array();
    const SqlResult result = connection.query(in_dialect(
        "SELECT MICROS(hour), source, event_type, trigger_count, active_count, node_targeting_ratio "
        "FROM trigger_metrics ORDER BY hour DESC, source, event_type",
        connection.dialect()));
    for (const auto& row : result.rows)
      rows.push_back({{"hour", format_rfc3339(as_int(row[0]))},
                      {"source", as_text(row[1])},
                      {"event_type", as_text(row[2])},
                      {"trigger_count", as_int(row[3])},
                      {"active_count", as_int(row[4])},
                      {"node_targeting_ratio", std::stod(as_text(row[5]))}});
    return rows;
  });
}

nlohmann::json SqlStore::node_targeting_stats() {
  return database_.read([](Connection& connection) {
    nlohmann::json rows = nlohmann::json::array();
    const SqlResult result = connection.query(
        "SELECT routing_type, count, percentage FROM node_targeting_stats ORDER BY routing_type");
    for (const auto& row : result.rows)
      rows.push_back({{"routing_type", as_text(row[0])},
                      {"count", as_int(row[1])},
                      {"percentage", std::stod(as_text(row[2]))}});
    return rows;
  });
}

std::uint64_t SqlStore::sweep(Micros older_than, std::size_t limit) {
  constexpr Micros day = Micros{24} * 3600 * 1'000'000;
  return database_.write([&](Connection& connection) {
    const auto sql = [&](const char* text) { return in_dialect(text, connection.dialect()); };
    connection.query(sql("DELETE FROM idempotency_keys WHERE created_at < TIME($1)"), {clock_.now() - day});
    connection.query(sql("DELETE FROM audit_log WHERE at < TIME($1)"), {clock_.now() - 400 * day});
    connection.query("DELETE FROM store_changes WHERE id < (SELECT max(id) FROM store_changes) - 100");
    // What the router would read again after a crash must keep its row, or it would run again; dead letters
    // stay until somebody decides.
    const std::string old =
        sql("(SELECT id FROM execution_logs WHERE created_at < TIME($1) AND "
            "status IN ('completed', 'cancelled', 'discarded') AND "
            "seq < (SELECT value FROM engine_state WHERE name = 'low_water') "
            "ORDER BY created_at, seq, id LIMIT $2)");
    const SqlParams range{older_than, static_cast<std::int64_t>(limit)};
    const auto dropped =
        connection.query("SELECT coalesce(max(change_no), 0) FROM execution_logs WHERE id IN " + old, range);
    connection.query(
        "UPDATE engine_state SET value = $1 WHERE name = 'execution_changes_dropped' AND value < $1",
        {as_int(dropped.rows.at(0).at(0))});
    return connection.query("DELETE FROM execution_logs WHERE id IN " + old, range).affected;
  });
}

std::string limit_text(Where& where, const ListRange& range) {
  const std::string limit = where.place(static_cast<std::int64_t>(range.limit));
  return " LIMIT " + limit + " OFFSET " + where.place(static_cast<std::int64_t>(range.skip));
}

void require_row(Connection& connection, std::string_view sql, const SqlValue& key) {
  if (connection.query(sql, {key}).empty())
    throw InvalidInput(
        "the cursor is not valid any more",
        {{"/cursor", "points to something that is gone: begin the listing again without a cursor"}});
}

std::unique_ptr<Store> open_store(const std::string& where, const std::string& data_dir, bool migrate,
                                  const Clock& clock) {
  {
    const auto connection = open_store_connection(where, data_dir);
    Migrator migrator(*connection, clock);
    if (migrate) migrator.up();
    if (!migrator.current()) {
      std::string pending;
      for (const MigrationStatus& status : migrator.status())
        if (!status.applied_at) pending += (pending.empty() ? "" : ", ") + status.name;
      throw ConfigError("the store's schema is not current: " + pending +
                            (pending.find(',') == std::string::npos ? " is" : " are") + " missing",
                        {{"/store", "its schema lacks " + pending}}, "rowhook migrate up");
    }
  }
  return std::make_unique<SqlStore>(store_address(where, data_dir), clock);
}

}  // namespace rowhook
