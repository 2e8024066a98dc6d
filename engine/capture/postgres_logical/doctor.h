#pragma once

#include <vector>

#include "engine/capture/source.h"

namespace rowhook {

// Everything that stands between these settings and capture by logical replication, each with the SQL that
// mends it; a server that cannot be reached is a finding, too. Changes nothing.
std::vector<Finding> diagnose(const SourceSettings& settings);

// Drops the slot and the publications this connection made. Does nothing where there are none.
// Errors: TransientError (no connection; the slot is still in use), ServerRefusal.
void remove_capture(const SourceSettings& settings);

}  // namespace rowhook
