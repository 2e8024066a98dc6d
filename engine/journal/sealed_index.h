// The look-up tables of a sealed segment: event_ids and event_keys (hash tables in rows), event_groups.
// Their form is described in docs/journal.md.
#pragma once

#include "engine/journal/segment_index.h"
#include "engine/journal/sqlite_file.h"

namespace rowhook {

// Writes the index of a segment inside the caller's transaction; whatever an interrupted sealing left is
// replaced.
void write_sealed_index(SqliteFile& file, const SegmentIndex& index);

// Thread safety: none; confined like the file it reads.
class SealedIndex {
 public:
  explicit SealedIndex(SqliteFile& file);
  Candidates by_id(std::string_view id);
  Candidates by_key(const EventMatch& match);
  // Calls visit(key, group) for every group.
  template <typename Visit>
  void each_group(const Visit& visit) {
    const StatementUse use(groups_);
    while (groups_.step()) {
      auto [key, group] = read_group();
      visit(key, group);
    }
  }

 private:
  static void add_places(SqliteStatement& table, unsigned bits, std::uint64_t hash,
                         std::vector<std::uint32_t>& places);
  std::pair<GroupKey, EventGroup> read_group() const;

  SqliteStatement ids_, keys_, groups_;
  unsigned id_bits_ = 0, key_bits_ = 0;
};

}  // namespace rowhook
