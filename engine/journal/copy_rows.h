#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rowhook {

// Rows in PostgreSQL's binary COPY format ("File Formats" in its documentation of COPY).
// Thread safety: none.
class CopyRows {
 public:
  explicit CopyRows(std::string& out);  // appends the header
  void row(std::int16_t columns);
  void integer(std::int64_t value);  // int8
  void boolean(bool value);
  void bytes(std::string_view value);  // text, bytea
  // Begins a bytea of yet unknown length: append it to the string, then call finish().
  void begin();
  void finish();
  void end();  // after the last row

 private:
  void word(std::uint64_t value, int count);

  std::string& out_;
  std::size_t start_ = 0;
};

}  // namespace rowhook
