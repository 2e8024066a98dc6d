#include "engine/journal/sealed_index.h"

#include <utility>

#include "engine/event/varint.h"
#include "engine/journal/stable_hash.h"

namespace rowhook {
namespace {

constexpr std::size_t entries_per_bucket = 64;
constexpr unsigned max_bits = 12;
constexpr std::size_t entry_bytes = 8;

struct Entry {
  std::uint64_t hash = 0;
  std::uint32_t place = 0;
  auto operator<=>(const Entry&) const = default;
};

void append_word(std::string& out, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift);
}

std::uint32_t word_at(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

std::uint64_t bucket_of(std::uint64_t hash, unsigned bits) { return bits == 0 ? 0 : hash >> (64 - bits); }

// Writes `hashes` (0 = none) as a hash table; returns how many bits of the hash number the buckets.
unsigned write_table(SqliteFile& file, const char* table, const std::vector<std::uint64_t>& hashes) {
  std::vector<Entry> entries;
  entries.reserve(hashes.size());
  for (std::size_t i = 0; i < hashes.size(); ++i)
    if (hashes[i] != 0) entries.push_back({hashes[i], static_cast<std::uint32_t>(i)});
  std::sort(entries.begin(), entries.end());
  unsigned bits = 0;
  while (bits < max_bits && (entries.size() >> bits) > entries_per_bucket) ++bits;
  auto insert = file.prepare(std::string("INSERT INTO ") + table + " (bucket, entries) VALUES (?, ?)");
  std::string bucket;
  for (std::size_t i = 0; i < entries.size();) {
    const std::uint64_t number = bucket_of(entries[i].hash, bits);
    bucket.clear();
    for (; i < entries.size() && bucket_of(entries[i].hash, bits) == number; ++i) {
      append_word(bucket, static_cast<std::uint32_t>(entries[i].hash));
      append_word(bucket, entries[i].place);
    }
    insert.bind(1, number).bind_blob(2, bucket).run();
  }
  return bits;
}

void write_groups(SqliteFile& file, const SegmentIndex& index) {
  auto insert = file.prepare(
      "INSERT INTO event_groups (shape_id, event_type, events, earliest, latest, places) VALUES (?, ?, ?, ?, "
      "?, ?)");
  std::string places;
  for (const auto& [key, group] : index.groups()) {
    places.clear();
    if (is_rare(group.count, index.size())) {
      std::uint32_t before = 0;
      for (const auto place : group.places) write_varint(places, place - std::exchange(before, place));
    }
    insert.bind(1, key.shape_id).bind_text(2, key.type).bind(3, group.count);
    insert.bind(4, group.earliest).bind(5, group.latest).bind_blob(6, places).run();
  }
}

unsigned bits_of(SqliteFile& file, const char* name) {
  const std::string value =
      file.text(("SELECT value FROM segment WHERE name = '" + std::string(name) + "'").c_str());
  return value.empty() ? 0 : static_cast<unsigned>(std::stoul(value));
}

}  // namespace

void write_sealed_index(SqliteFile& file, const SegmentIndex& index) {
  file.execute(
      "DROP TABLE IF EXISTS event_ids; DROP TABLE IF EXISTS event_keys; DROP TABLE IF EXISTS event_groups;"
      "CREATE TABLE event_ids (bucket INTEGER PRIMARY KEY, entries BLOB NOT NULL);"
      "CREATE TABLE event_keys (bucket INTEGER PRIMARY KEY, entries BLOB NOT NULL);"
      "CREATE TABLE event_groups (shape_id INTEGER NOT NULL, event_type TEXT NOT NULL, events INTEGER NOT "
      "NULL,"
      " earliest INTEGER NOT NULL, latest INTEGER NOT NULL, places BLOB NOT NULL,"
      " PRIMARY KEY (shape_id, event_type)) WITHOUT ROWID");
  auto note = file.prepare("INSERT OR REPLACE INTO segment (name, value) VALUES (?, ?)");
  note.bind_text(1, "id_bits").bind(2, std::uint64_t{write_table(file, "event_ids", index.ids())}).run();
  note.bind_text(1, "key_bits").bind(2, std::uint64_t{write_table(file, "event_keys", index.keys())}).run();
  write_groups(file, index);
}

SealedIndex::SealedIndex(SqliteFile& file)
    : ids_(file.prepare("SELECT entries FROM event_ids WHERE bucket = ?")),
      keys_(file.prepare("SELECT entries FROM event_keys WHERE bucket = ?")),
      groups_(
          file.prepare("SELECT shape_id, event_type, events, earliest, latest, places FROM event_groups")),
      id_bits_(bits_of(file, "id_bits")),
      key_bits_(bits_of(file, "key_bits")) {}

Candidates SealedIndex::by_id(std::string_view id) {
  Candidates found;
  add_places(ids_, id_bits_, stable_hash(id), found.places);
  return found;
}

Candidates SealedIndex::by_key(const EventMatch& match) {
  Candidates found;
  for (const auto& key : match.keys()) add_places(keys_, key_bits_, stable_hash(key), found.places);
  std::sort(found.places.begin(), found.places.end());
  return found;
}

void SealedIndex::add_places(SqliteStatement& table, unsigned bits, std::uint64_t hash,
                             std::vector<std::uint32_t>& places) {
  const StatementUse use(table);
  table.bind(1, bucket_of(hash, bits));
  if (!table.step()) return;
  const std::string_view entries = table.bytes(0);
  for (std::size_t at = 0; at + entry_bytes <= entries.size(); at += entry_bytes)
    if (word_at(entries, at) == static_cast<std::uint32_t>(hash)) places.push_back(word_at(entries, at + 4));
}

std::pair<GroupKey, EventGroup> SealedIndex::read_group() const {
  GroupKey key{groups_.unsigned_integer(0), std::string(groups_.bytes(1))};
  EventGroup group{groups_.unsigned_integer(2), groups_.integer(3), groups_.integer(4), {}};
  std::uint32_t place = 0;
  for (std::string_view rest = groups_.bytes(5); !rest.empty(); group.places.push_back(place))
    place += static_cast<std::uint32_t>(read_varint(rest));
  return {std::move(key), std::move(group)};
}

}  // namespace rowhook
