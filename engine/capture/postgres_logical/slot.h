#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "engine/capture/postgres_logical/catalog.h"

namespace rowhook {

// What IDENTIFY_SYSTEM says.
struct SystemFacts {
  std::string system;  // system identifier, e.g. "7431221398720394223"
  std::uint32_t timeline = 0;
  Lsn end = 0;  // end of the log
};
SystemFacts identify_system(PgSession& replication);

// Where a timeline branched off its parent, from the lines of a timeline history file; nullopt when
// `timeline` is not among them.
std::optional<Lsn> branch_point(std::string_view history, std::uint32_t timeline);

// Throws GapError when the server's history does not continue the one that `position` belongs to: another
// cluster behind the address, a timeline that branched off earlier (failover, point-in-time recovery), a log
// that ends before the position (restored from a backup). Nothing when `saved` is empty.
void check_history(PgSession& replication, const SystemFacts& now, const StreamState& saved, Lsn position,
                   const SourceSettings& settings);

// The slot's state is what the position needs: GapError when it is gone, lost, or was moved beyond the
// position (dropped and created again, or read by somebody else), PermanentError when it is not ours,
// TransientError when it is active elsewhere.
void check_resume(const SlotFacts& slot, const std::string& name, Lsn position, Lsn server_end,
                  const SourceSettings& settings);

// For the first start, or after a gap was accepted: takes the slot that is there, replaces a lost one, or
// creates one. Returns where it begins. Creating waits for every transaction that is writing at that moment,
// at most for the session's statement_timeout: then TransientError names the transaction that is in the way,
// and no slot is left behind.
Lsn begin_slot(PgSession& session, Catalog& catalog, const std::string& name, const SourceSettings& settings);

// Does nothing when there is none. Waits up to 5 s for the slot to be released, then throws TransientError.
void drop_slot(PgSession& session, Catalog& catalog, const std::string& name);

// What to do about a gap, for GapError.
std::string gap_remedy(const SourceSettings& settings);

}  // namespace rowhook
