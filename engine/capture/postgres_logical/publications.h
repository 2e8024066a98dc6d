#pragma once

#include <set>
#include <string>
#include <vector>

#include "engine/capture/postgres_logical/catalog.h"

namespace rowhook {

// What a connection publishes. Two publications: `main` with the operations watched, and `inserts` (named
// main + "_inserts") for tables of which only inserts are watched. A table without replica identity may only
// be in the second one: in a publication with updates or deletes the server would refuse the user's own
// UPDATE and DELETE. Both are made before the slot; decoding fails for ever on a publication that is younger
// than the log it is to decode.
struct PublicationPlan {
  std::string main_name, inserts_name, mark;
  PublicationFacts main, inserts;                                                  // as they are now
  std::vector<std::uint32_t> main_tables, inserts_tables;                          // as they shall be
  bool publish_inserts = false, publish_updates = false, publish_deletes = false;  // of main
  bool use_inserts = true;              // false: a publication made by the user covers everything
  std::vector<std::string> statements;  // SQL that leads from one to the other; empty when nothing is to do
  std::vector<std::string> names() const;  // for START_REPLICATION
};

std::string publication_name(const SourceSettings& settings);  // configured, or rowhook_<connection>
std::string slot_name(const SourceSettings& settings);
// Throws PermanentError when a configured name cannot be one.
void check_names(const SourceSettings& settings);

// Pure but for quoting. A publication the user made (without our mark) is only ever added to.
PublicationPlan plan_publications(PgSession& session, Catalog& catalog, const SourceSettings& settings,
                                  const std::vector<TableWatch>& watches,
                                  const std::vector<TableFacts>& tables);
// Runs the plan's statements in one transaction. Throws PermanentError with all of them as the hint when the
// role may not.
void apply_plan(PgSession& session, const PublicationPlan& plan);
// Drops what this connection made; publications without our mark stay.
void drop_publications(PgSession& session, Catalog& catalog, const SourceSettings& settings);

}  // namespace rowhook
