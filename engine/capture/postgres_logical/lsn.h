// Log sequence numbers of PostgreSQL: 64-bit positions in its write-ahead log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rowhook {

using Lsn = std::uint64_t;

std::string format_lsn(Lsn lsn);  // as the server prints it: "0/16B3748"
std::string sortable_lsn(
    Lsn lsn);  // "00000000/016B3748": sorts byte-wise, and PostgreSQL reads it as a pg_lsn
std::optional<Lsn> parse_lsn(std::string_view text);  // both forms; nullopt when malformed

// Event::order of a change: the epoch (8 hexadecimal digits) and the LSN of its transaction's commit record
// (16). The commit record's own LSN, not its end: only that is known when the first change of a transaction
// arrives. Within one server history it grows with every commit. After a restore, or with another server
// behind the address, LSNs start again lower, so that order and event_id would repeat: every new beginning of
// a source therefore has a higher epoch (the second in which it began).
std::string change_order(std::uint32_t epoch, Lsn commit);
std::uint32_t epoch_of(std::string_view order);  // 0 for "" and for anything else than change_order()'s form

}  // namespace rowhook
