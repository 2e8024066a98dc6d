#pragma once

#include "engine/capture/source.h"

namespace rowhook {

// Capture by PostgreSQL's logical replication (pgoutput, protocol 1). docs/postgresql.md is the user's page.
//
// Resume::position and Batch::position are sortable_lsn(): the end of a commit, or of log in which nothing
// concerned us. Event::position is the commit record's LSN as PostgreSQL prints it, Event::order see
// change_order(), Resume::state see StreamState.
extern const SourceType postgres_logical;

}  // namespace rowhook
