#include "engine/event/value.h"

#include <cstring>
#include <nlohmann/json.hpp>

#include "engine/base/errors.h"
#include "engine/event/json_writer.h"
#include "engine/event/varint.h"

namespace rowhook {
namespace {

constexpr bool has_text(ValueKind kind) { return kind >= ValueKind::number; }
constexpr std::size_t padded_length = 5;  // a varint of 32 bits, padded so that it can be written afterwards

std::uint64_t fnv1a(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

}  // namespace

void RowWriter::add(ValueKind kind, std::string_view text) {
  bytes_ += static_cast<char>(kind);
  if (has_text(kind)) write_bytes(bytes_, text);
}

std::string& RowWriter::begin(ValueKind kind) {
  bytes_ += static_cast<char>(kind);
  start_ = bytes_.size();
  bytes_.append(padded_length, '\0');
  return bytes_;
}

void RowWriter::finish() {
  std::uint64_t length = bytes_.size() - start_ - padded_length;
  for (std::size_t i = 0; i < padded_length; ++i) {
    const auto low = static_cast<unsigned char>(length & 0x7f);
    length >>= 7;
    bytes_[start_ + i] = static_cast<char>(i + 1 < padded_length ? low | 0x80U : low);
  }
}

Value RowReader::next() {
  if (rest_.empty()) throw PermanentError("encoded row ends too early");
  const auto kind = static_cast<unsigned char>(rest_.front());
  if (kind > static_cast<unsigned char>(ValueKind::json)) throw PermanentError("encoded row holds an unknown kind of value");
  rest_.remove_prefix(1);
  Value value{static_cast<ValueKind>(kind), {}};
  if (has_text(value.kind)) value.text = read_bytes(rest_);
  return value;
}

std::vector<Value> read_row(std::string_view row, std::size_t columns) {
  std::vector<Value> values;
  values.reserve(columns);
  for (RowReader reader(row); !reader.done() && values.size() < columns;) values.push_back(reader.next());
  values.resize(columns);
  return values;
}

Value value_at(std::string_view row, std::size_t index) {
  RowReader reader(row);
  for (; !reader.done(); --index) {
    const Value value = reader.next();
    if (index == 0) return value;
  }
  return {};
}

std::optional<std::uint32_t> Shape::index_of(std::string_view column) const {
  for (std::uint32_t i = 0; i < columns.size(); ++i)
    if (columns[i].name == column) return i;
  return std::nullopt;
}

ShapePtr seal(Shape shape) {
  shape.key.clear();
  shape.json_names.clear();
  for (std::uint32_t i = 0; i < shape.columns.size(); ++i) {
    if (shape.columns[i].key) shape.key.push_back(i);
    std::string name;
    write_json_string(name, shape.columns[i].name);
    shape.json_names.push_back(name + ':');
  }
  shape.id = fnv1a(pack_shape(shape));
  return std::make_shared<const Shape>(std::move(shape));
}

std::string pack_shape(const Shape& shape) {
  auto columns = nlohmann::json::array();
  for (const auto& column : shape.columns) columns.push_back({column.name, column.type, column.key});
  const nlohmann::json packed = {{"source", shape.source}, {"connection", shape.connection}, {"method", shape.method},
                                 {"database", shape.database}, {"schema", shape.schema}, {"table", shape.table},
                                 {"columns", columns}, {"tags", shape.tags}};
  return packed.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

ShapePtr unpack_shape(std::string_view packed) {
  try {
    const auto json = nlohmann::json::parse(packed);
    Shape shape{.source = json.at("source"), .connection = json.at("connection"), .method = json.at("method"),
                .database = json.at("database"), .schema = json.at("schema"), .table = json.at("table"),
                .columns = {}, .tags = json.at("tags"), .id = 0, .key = {}, .json_names = {}};
    for (const auto& column : json.at("columns")) shape.columns.push_back({column.at(0), column.at(1), column.at(2)});
    return seal(std::move(shape));
  } catch (const nlohmann::json::exception& error) {
    throw PermanentError(std::string("stored table shape is damaged: ") + error.what());
  }
}

}  // namespace rowhook
