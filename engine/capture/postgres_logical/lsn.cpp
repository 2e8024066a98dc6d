#include "engine/capture/postgres_logical/lsn.h"

#include <charconv>
#include <cstdio>

namespace rowhook {
namespace {

template <typename Number>
bool parse_hex(std::string_view text, Number& value) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, 16);
  return error == std::errc{} && stop == end;
}

void put_hex(std::string& out, std::uint64_t value, int digits, const char* alphabet) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += alphabet[(value >> shift) & 15];
}

}  // namespace

std::string format_lsn(Lsn lsn) {
  char text[24];
  const int length =
      std::snprintf(text, sizeof text, "%X/%X", static_cast<unsigned>(lsn >> 32), static_cast<unsigned>(lsn));
  return {text, static_cast<std::size_t>(length)};
}

std::string sortable_lsn(Lsn lsn) {
  std::string text;
  text.reserve(17);
  put_hex(text, lsn >> 32, 8, "0123456789ABCDEF");
  text += '/';
  put_hex(text, lsn, 8, "0123456789ABCDEF");
  return text;
}

std::optional<Lsn> parse_lsn(std::string_view text) {
  const std::size_t slash = text.find('/');
  std::uint32_t high = 0, low = 0;
  if (slash == std::string_view::npos || !parse_hex(text.substr(0, slash), high) ||
      !parse_hex(text.substr(slash + 1), low))
    return std::nullopt;
  return Lsn{high} << 32 | low;
}

std::string change_order(std::uint32_t epoch, Lsn commit) {
  std::string order;
  order.reserve(24);
  put_hex(order, epoch, 8, "0123456789abcdef");
  put_hex(order, commit, 16, "0123456789abcdef");
  return order;
}

std::uint32_t epoch_of(std::string_view order) {
  std::uint32_t epoch = 0;
  return order.size() == 24 && parse_hex(order.substr(0, 8), epoch) ? epoch : 0;
}

}  // namespace rowhook
