// The currency of the engine: exact column values, encoded rows, table shapes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rowhook {

// How a value is to be read. The text of a number is a JSON number with every digit the database gave.
enum class ValueKind : std::uint8_t {
  absent = 0,     // the database did not send this column at all (e.g. not part of a key-only old row)
  unchanged = 1,  // not sent because it did not change (TOAST); listed in unchanged_fields
  null = 2,
  no = 3,      // boolean false
  yes = 4,     // boolean true
  number = 5,  // text: a JSON number
  text = 6,    // text: UTF-8 (NaN and infinities of numeric columns are text, too)
  bytes = 7,   // text: the raw bytes; base64 in JSON
  json = 8,    // text: a complete JSON value, written as it is (json, jsonb, arrays)
};

// A value whose bytes live elsewhere. Valid as long as the row it was read from.
struct Value {
  ValueKind kind = ValueKind::absent;
  std::string_view text;  // empty but for number, text, bytes, json
  bool operator==(const Value&) const = default;
  bool sent() const { return kind != ValueKind::absent && kind != ValueKind::unchanged; }
};

// Appends one row's columns, in the order of its shape, to a byte string:
// per column one byte of ValueKind and, for number, text, bytes and json, a varint length and the bytes.
class RowWriter {
 public:
  void add(ValueKind kind, std::string_view text = {});
  void add(const Value& value) { add(value.kind, value.text); }
  // Begins a value of yet unknown length: append the bytes to the returned string, then call finish().
  // At most 4 GiB - 1 bytes.
  std::string& begin(ValueKind kind);
  void finish();
  void reserve(std::size_t bytes) { bytes_.reserve(bytes); }  // room for the whole row, where its size is known
  std::string take() { return std::move(bytes_); }
  std::size_t size() const { return bytes_.size(); }

 private:
  std::string bytes_;
  std::size_t start_ = 0;
};

// Reads columns one after another. Throws PermanentError on bytes that are not an encoded row.
class RowReader {
 public:
  explicit RowReader(std::string_view row) : rest_(row) {}
  bool done() const { return rest_.empty(); }
  Value next();

 private:
  std::string_view rest_;
};

// All columns of a row; fewer than `columns` in the bytes are filled up with absent values.
std::vector<Value> read_row(std::string_view row, std::size_t columns);
// The column at `index`; absent when the row ends before it.
Value value_at(std::string_view row, std::size_t index);

struct Column {
  std::string name;
  std::string type;  // as the database names it, e.g. "numeric(10,2)"
  bool key = false;  // part of the primary key (or of the replica identity index where there is no primary key)
};

// What all events of one table version have in common. Immutable; shared by its events.
struct Shape {
  std::string source;      // "main-postgres"
  std::string connection;  // "main_postgres"
  std::string method;      // "log_based", "triggers", "polling", "api"
  std::string database, schema, table;  // empty: null in JSON
  std::vector<Column> columns;
  std::vector<std::string> tags;
  // Set by seal():
  std::uint64_t id = 0;                  // content hash
  std::vector<std::uint32_t> key;        // indices of the key columns
  std::vector<std::string> json_names;   // `"name":` per column, escaped once

  std::optional<std::uint32_t> index_of(std::string_view column) const;
};
using ShapePtr = std::shared_ptr<const Shape>;

// Computes id, key and json_names and freezes the shape.
ShapePtr seal(Shape shape);
// One line of JSON, for the journal; unpack_shape(pack_shape(s)) has the same id. Throws PermanentError.
std::string pack_shape(const Shape& shape);
ShapePtr unpack_shape(std::string_view packed);

}  // namespace rowhook
