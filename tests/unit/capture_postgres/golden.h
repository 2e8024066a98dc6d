// Recorded replication streams: golden/NAME.sql (what was done), NAME.hex (the pgoutput messages, one per
// line), NAME.jsonl (the events).
#pragma once

#include <string>
#include <vector>

namespace rowhook::testing {

std::string golden_path(const std::string& file);
std::string read_golden(const std::string& file);
std::vector<std::string> golden_messages(const std::string& name);  // hexadecimal
std::string from_hex(const std::string& text);

// Decodes a stream in which everything but the table "unwatched" is watched; events as JSON. Types are the
// built-in ones, keys the replica identity's (or "id").
std::vector<std::string> decode_golden(const std::vector<std::string>& hex_messages);
// The events without what differs from recording to recording: ids, positions, transactions, times.
std::vector<std::string> without_places(const std::vector<std::string>& events);

}  // namespace rowhook::testing
