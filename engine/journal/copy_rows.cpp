#include "engine/journal/copy_rows.h"

#include "engine/base/errors.h"

namespace rowhook {

CopyRows::CopyRows(std::string& out) : out_(out) {
  out_.append("PGCOPY\n\377\r\n\0", 11);
  word(0, 4);  // flags
  word(0, 4);  // header extension
}

void CopyRows::row(std::int16_t columns) { word(static_cast<std::uint16_t>(columns), 2); }

void CopyRows::integer(std::int64_t value) {
  word(8, 4);
  word(static_cast<std::uint64_t>(value), 8);
}

void CopyRows::boolean(bool value) {
  word(1, 4);
  out_ += value ? '\1' : '\0';
}

void CopyRows::bytes(std::string_view value) {
  begin();
  out_ += value;
  finish();
}

void CopyRows::begin() {
  word(0, 4);
  start_ = out_.size();
}

void CopyRows::finish() {
  const std::size_t length = out_.size() - start_;
  if (length > INT32_MAX)
    throw PermanentError("an event of more than 2 GiB cannot be journaled in PostgreSQL");
  for (std::size_t i = 0; i < 4; ++i) out_[start_ - 4 + i] = static_cast<char>(length >> (24 - 8 * i));
}

void CopyRows::end() { word(0xffff, 2); }

void CopyRows::word(std::uint64_t value, int count) {
  for (int i = count - 1; i >= 0; --i) out_ += static_cast<char>(value >> (8 * i));
}

}  // namespace rowhook
