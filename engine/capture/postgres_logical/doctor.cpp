#include "engine/capture/postgres_logical/doctor.h"

#include "engine/capture/postgres_logical/change_decoder.h"
#include "engine/capture/postgres_logical/checks.h"
#include "engine/capture/postgres_logical/slot.h"

namespace rowhook {

std::vector<Finding> diagnose(const SourceSettings& settings) {
  std::vector<Finding> findings;
  const auto add = [&](std::vector<Finding> more) {
    findings.insert(findings.end(), more.begin(), more.end());
  };
  try {
    check_names(settings);
    const std::vector<TableWatch> watches = table_watches(settings);
    PgSession session(settings, {.statement_timeout = settings.query_timeout});
    findings.push_back({Finding::Severity::ok, "connection", "connected to " + server_name(settings), {}});
    Catalog catalog(session);
    const ServerFacts server = catalog.server();
    const SlotFacts slot = catalog.slot(slot_name(settings));
    add(check_server(server, slot));
    const std::vector<TableFacts> tables = catalog.tables(watches);
    add(check_tables(watches, tables, {}, catalog.table_names()));
    add(check_publications(plan_publications(session, catalog, settings, watches, tables), server, tables));
    add(check_slot(slot, slot_name(settings), settings));
  } catch (const Error& error) {
    findings.push_back({Finding::Severity::error, findings.empty() ? "connection" : "examination",
                        error.what(), error.hint()});
  }
  return findings;
}

void remove_capture(const SourceSettings& settings) {
  PgSession session(settings, {.statement_timeout = settings.query_timeout});
  Catalog catalog(session);
  drop_slot(session, catalog, slot_name(settings));
  drop_publications(session, catalog, settings);
}

}  // namespace rowhook
