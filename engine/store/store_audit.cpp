#include "engine/store/dialect_text.h"
#include "engine/store/sql_store.h"
#include "engine/store/utf8_text.h"

namespace rowhook {
namespace {

Where conditions(const AuditFilter& filter) {
  Where where;
  if (!filter.who.empty()) where.add("who = ?", filter.who);
  if (!filter.action.empty()) where.add("action = ?", filter.action);
  if (!filter.object.empty())
    where.add_all("(object = ? OR FIND(object, ?) = 1)", {filter.object, filter.object + "/"});
  if (filter.from) where.add("at >= TIME(?)", *filter.from);
  if (filter.to) where.add("at < TIME(?)", *filter.to);
  return where;
}

}  // namespace

void SqlStore::add_audit(const AuditEntry& entry) {
  database_.write([&](Connection& connection) {
    connection.query(in_dialect("INSERT INTO audit_log (at, who, token_id, address, action, object, detail) "
                                "VALUES (TIME($1), $2, $3, $4, $5, $6, $7)",
                                connection.dialect()),
                     {entry.at ? entry.at : clock_.now(), clean_utf8(entry.who), entry.token_id,
                      entry.address, entry.action, clean_utf8(entry.object), clean_utf8(entry.detail)});
  });
}

std::vector<AuditEntry> SqlStore::audit_log(const AuditFilter& filter, const ListRange& range) {
  Where where = conditions(filter);
  if (range.after) where.add("id < ?", static_cast<std::int64_t>(std::stoll(*range.after)));
  const std::string limit = limit_text(where, range);
  return database_.read([&](Connection& connection) {
    std::vector<AuditEntry> entries;
    const SqlResult result =
        connection.query(in_dialect("SELECT id, MICROS(at), who, token_id, address, action, object, detail "
                                    "FROM audit_log" +
                                        where.text() + " ORDER BY id DESC" + limit,
                                    connection.dialect()),
                         where.params());
    for (const auto& row : result.rows)
      entries.push_back({as_int(row[0]), as_int(row[1]), as_text(row[2]), as_text(row[3]), as_text(row[4]),
                         as_text(row[5]), as_text(row[6]), as_text(row[7])});
    return entries;
  });
}

std::uint64_t SqlStore::count_audit_log(const AuditFilter& filter, std::uint64_t limit) {
  Where where = conditions(filter);
  const std::string most = where.place(static_cast<std::int64_t>(limit));
  return count(in_dialect("SELECT count(*) FROM (SELECT 1 FROM audit_log" + where.text() + " LIMIT " + most +
                              ") AS counted",
                          database_.dialect()),
               where.params());
}

}  // namespace rowhook
