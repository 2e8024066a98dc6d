#include "engine/capture/postgres_logical/text_form.h"

#include <algorithm>
#include <cstring>

#include "engine/event/json_writer.h"

namespace rowhook {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && digit(text[at])) ++at;
  return at;
}

int hex_digit(char c) {
  if (digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

}  // namespace

bool is_json_number(std::string_view text) {
  std::size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
  if (at >= text.size() || !digit(text[at])) return false;
  at = text[at] == '0' ? at + 1 : skip_digits(text, at);
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = at + 1;
    at = skip_digits(text, fraction);
    if (at == fraction) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t exponent = at;
    at = skip_digits(text, exponent);
    if (at == exponent) return false;
  }
  return at == text.size();
}

bool append_hex_bytes(std::string& out, std::string_view text) {
  if (text.size() % 2 != 0 || text.substr(0, 2) != "\\x") return false;
  const std::size_t start = out.size();
  out.resize(start + text.size() / 2 - 1);
  for (std::size_t i = 2; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) {
      out.resize(start);
      return false;
    }
    out[start + i / 2 - 1] = static_cast<char>(high << 4 | low);
  }
  return true;
}

bool format_instant(std::string_view text, InstantText& out) {
  constexpr std::string_view form = "0000-00-00 00:00:00";
  if (text.size() < form.size() + 3 || text.substr(text.size() - 3) != "+00") return false;
  for (std::size_t i = 0; i < form.size(); ++i)
    if (form[i] == '0' ? !digit(text[i]) : text[i] != form[i]) return false;
  std::string_view fraction = text.substr(form.size(), text.size() - form.size() - 3);
  if (!fraction.empty()) {
    if (fraction[0] != '.' || fraction.size() < 2 || fraction.size() > 7 ||
        skip_digits(fraction, 1) != fraction.size())
      return false;
    fraction.remove_prefix(1);
  }
  char* at = out.characters.data();
  std::memcpy(at, text.data(), form.size());
  at[10] = 'T';
  std::memcpy(at + 19, ".000000Z", 8);
  std::copy(fraction.begin(), fraction.end(), at + 20);
  return true;
}

bool is_plain_json(std::string_view json) {
  return std::all_of(json.begin(), json.end(), [](char c) { return ascii(c) && c != '\n' && c != '\r'; });
}

void append_clean_json(std::string& out, std::string_view json) {
  std::string run;
  for (std::size_t at = 0; at < json.size();) {
    std::size_t end = at;
    for (; end < json.size() && ascii(json[end]); ++end)
      // A line break cannot be part of a string of valid JSON.
      out += json[end] == '\n' || json[end] == '\r' ? ' ' : json[end];
    at = end;
    while (end < json.size() && !ascii(json[end])) ++end;
    if (end == at) break;
    run.clear();
    write_json_string(run, json.substr(at, end - at));
    out.append(run, 1, run.size() - 2);
    at = end;
  }
}

}  // namespace rowhook
