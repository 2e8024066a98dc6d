#include "engine/capture/postgres_logical/slot.h"

#include <charconv>
#include <thread>

#include "engine/capture/postgres_logical/checks.h"

namespace rowhook {
namespace {

[[noreturn]] void gap(const std::string& reason, Lsn from, Lsn to, const SourceSettings& settings) {
  throw GapError(reason, format_lsn(from), to == 0 ? "" : format_lsn(to), gap_remedy(settings));
}

void refuse_active(const SlotFacts& slot, const std::string& name) {
  if (!slot.active) return;
  const std::string pid = std::to_string(slot.active_pid);
  throw TransientError("replication slot " + name + " is in use by process " + pid + " of the server",
                       "if that is not another engine: SELECT pg_terminate_backend(" + pid + ");");
}

// pg_locks is open to every role, the details of other sessions' transactions are not.
std::string oldest_writer(PgSession& session, std::string& hint) {
  const auto rows = session.query(
      "SELECT l.pid, p.gid, a.usename, a.application_name, a.datname,"
      " extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared))::bigint"
      " FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid LEFT JOIN pg_prepared_xacts p ON "
      "p.transaction = l.transactionid"
      " WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted AND l.pid IS DISTINCT "
      "FROM pg_backend_pid()"
      " ORDER BY coalesce(a.xact_start, p.prepared) LIMIT 1");
  if (rows.empty()) return "open transactions (gone by now)";
  const PgRow& row = rows[0];
  const std::string age = row[5] ? ", open for " + *row[5] + " s" : ", age not visible to this role";
  if (row[1]) {
    hint = "finish it: COMMIT PREPARED '" + *row[1] + "'; or ROLLBACK PREPARED '" + *row[1] + "';";
    return "the prepared transaction '" + *row[1] + "'" + age;
  }
  hint = "let it end, or end it: SELECT pg_terminate_backend(" + row[0].value_or("0") + ");";
  std::string who = "the transaction of process " + row[0].value_or("?");
  if (row[2])
    who += " (role " + *row[2] + ", database " + row[4].value_or("?") +
           (row[3].value_or("").empty() ? "" : ", " + *row[3]) + ")";
  return who + age;
}

Lsn create_slot(PgSession& session, const std::string& name) {
  const PgAnswer answer =
      session.try_query("SELECT lsn FROM pg_create_logical_replication_slot($1, 'pgoutput')", {name});
  if (answer.ok()) return parse_lsn(answer.rows.at(0).at(0).value_or("")).value_or(0);
  if (answer.sqlstate == "57014") {  // statement_timeout
    std::string hint;
    const std::string writer = oldest_writer(session, hint);
    throw TransientError("creating replication slot " + name + " waits for " + writer, hint);
  }
  const std::string message = "cannot create replication slot " + name + ": " + answer.message;
  if (is_transient_sqlstate(answer.sqlstate) && answer.sqlstate != "53400") throw TransientError(message);
  throw ServerRefusal(message, answer.sqlstate, "run `rowhook doctor`");
}

}  // namespace

std::string gap_remedy(const SourceSettings& settings) {
  return "changes in between were not captured: compare or reload the tables, then POST /api/v1/sources/" +
         settings.source + "/resume goes on with what the server has now";
}

SystemFacts identify_system(PgSession& replication) {
  const auto rows = replication.query("IDENTIFY_SYSTEM");
  if (rows.empty() || rows[0].size() < 3) throw PermanentError("the server did not answer IDENTIFY_SYSTEM");
  SystemFacts facts;
  facts.system = rows[0][0].value_or("");
  facts.timeline = static_cast<std::uint32_t>(std::stoul(rows[0][1].value_or("0")));
  facts.end = parse_lsn(rows[0][2].value_or("")).value_or(0);
  return facts;
}

std::optional<Lsn> branch_point(std::string_view history, std::uint32_t timeline) {
  while (!history.empty()) {
    const std::size_t end = std::min(history.find('\n'), history.size());
    std::string_view line = history.substr(0, end);
    history.remove_prefix(std::min(end + 1, history.size()));
    std::uint32_t parent = 0;
    const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), parent);
    if (error != std::errc{} || parent != timeline) continue;
    line.remove_prefix(static_cast<std::size_t>(stop - line.data()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    return parse_lsn(line.substr(0, line.find_first_of(" \t")));
  }
  return std::nullopt;
}

void check_history(PgSession& replication, const SystemFacts& now, const StreamState& saved, Lsn position,
                   const SourceSettings& settings) {
  if (saved.system.empty()) return;
  const std::string server = "the server at " + server_name(settings);
  if (saved.system != now.system)
    gap(server + " is another cluster (system identifier " + now.system + ", was " + saved.system + ")",
        position, now.end, settings);
  if (saved.timeline != now.timeline) {
    const auto rows = replication.query("TIMELINE_HISTORY " + std::to_string(now.timeline));
    const std::string history = rows.empty() || rows[0].size() < 2 ? "" : rows[0][1].value_or("");
    const std::optional<Lsn> branch = branch_point(history, saved.timeline);
    if (!branch || *branch < position)
      gap(server + " is on timeline " + std::to_string(now.timeline) +
              ", which branched off before the captured position",
          position, branch.value_or(0), settings);
  }
  if (now.end < position)
    gap("the log of " + server + " ends at " + format_lsn(now.end) +
            ", before the captured position: it was restored from a backup",
        position, now.end, settings);
}

void check_resume(const SlotFacts& slot, const std::string& name, Lsn position, Lsn server_end,
                  const SourceSettings& settings) {
  if (!slot.exists) gap("replication slot " + name + " is missing", position, server_end, settings);
  if (slot.wal_status == "lost")
    gap("replication slot " + name + " is lost: the server removed log it still needed" +
            (slot.lost_because.empty() ? "" : " (" + slot.lost_because + ")"),
        position, server_end, settings);
  refuse_errors(check_slot(slot, name, settings));
  if (slot.confirmed > position)
    gap("replication slot " + name + " stands at " + format_lsn(slot.confirmed) +
            ", beyond the captured position: it was dropped and created again, or somebody else read from it",
        position, slot.confirmed, settings);
  refuse_active(slot, name);
}

Lsn begin_slot(PgSession& session, Catalog& catalog, const std::string& name,
               const SourceSettings& settings) {
  const SlotFacts slot = catalog.slot(name);
  if (!slot.exists) return create_slot(session, name);
  if (slot.wal_status == "lost" && slot.plugin == "pgoutput" && slot.database == settings.database) {
    drop_slot(session, catalog, name);
    return create_slot(session, name);
  }
  refuse_errors(check_slot(slot, name, settings));
  refuse_active(slot, name);
  return slot.confirmed;
}

void drop_slot(PgSession& session, Catalog& catalog, const std::string& name) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{5};
  for (SlotFacts slot = catalog.slot(name); slot.exists; slot = catalog.slot(name)) {
    const PgAnswer answer = session.try_query("SELECT pg_drop_replication_slot($1)", {name});
    if (answer.ok() || answer.sqlstate == "42704") return;
    if (answer.sqlstate != "55006")
      throw ServerRefusal("cannot drop replication slot " + name + ": " + answer.message, answer.sqlstate);
    if (std::chrono::steady_clock::now() > deadline) refuse_active(slot, name);
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
}

}  // namespace rowhook
