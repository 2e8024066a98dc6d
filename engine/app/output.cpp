#include "engine/app/output.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "engine/base/errors.h"
#include "engine/event/document.h"

namespace rowhook {
namespace {

constexpr std::size_t widest_cell = 60;

// Display width counts UTF-8 code points; wide glyphs are rare in ids and names.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

std::string shown(std::string_view text, std::size_t limit) {
  std::string out;
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool starts = (byte & 0xc0U) != 0x80U;
    if (starts && ++width > limit) return out + "…";
    if (byte < 0x20 || byte == 0x7f) {
      char escaped[5];
      std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned>(byte));
      out += escaped;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string cell(const Document* value) {
  if (!value || value->is_null()) return "";
  if (const auto* text = value->string()) return shown(*text, widest_cell);
  return shown(value->text(), widest_cell);
}

std::string format_rows(const Document::Array& rows, const std::vector<TableColumn>& columns) {
  std::vector<std::vector<std::string>> cells;
  std::vector<std::size_t> widths;
  for (const auto& column : columns) widths.push_back(width_of(column.heading));
  for (const auto& row : rows) {
    auto& line = cells.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      line.push_back(cell(row.find_path(columns[i].member)));
      widths[i] = std::max(widths[i], width_of(line.back()));
    }
  }
  std::string out;
  const auto put = [&](const std::string& text, std::size_t index) {
    out += text;
    if (index + 1 < columns.size()) out.append(widths[index] - width_of(text) + 2, ' ');
  };
  for (std::size_t i = 0; i < columns.size(); ++i) put(columns[i].heading, i);
  out += '\n';
  for (const auto& line : cells) {
    for (std::size_t i = 0; i < line.size(); ++i) put(line[i], i);
    out += '\n';
  }
  return out;
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (text.empty() || text.back() != '\n') std::fputc('\n', stdout);
}

}  // namespace

OutputForm output_form(const std::string& option) {
  if (option == "table") return OutputForm::table;
  if (option == "json") return OutputForm::json;
  if (!option.empty()) throw InvalidInput("-o " + option + " is not known", {}, "write -o table or -o json");
  return ::isatty(STDOUT_FILENO) ? OutputForm::table : OutputForm::json;
}

void print_list(OutputForm form, const std::string& raw, const std::vector<TableColumn>& columns) {
  if (form == OutputForm::json) return print(raw);
  const Document answer = Document::parse(raw);
  const Document* items = answer.find("items");
  const Document* rows = items ? items : &answer;
  if (!rows->array()) return print(raw);
  print(format_rows(*rows->array(), columns));
  const Document* cursor = answer.find("next_cursor");
  if (cursor && cursor->string()) std::fprintf(stderr, "more: --cursor %s\n", cursor->string()->c_str());
}

void print_object(OutputForm form, const std::string& raw) {
  if (form == OutputForm::json) return print(raw);
  const Document answer = Document::parse(raw);
  if (!answer.object()) return print(raw);
  std::size_t widest = 0;
  for (const auto& [name, value] : *answer.object()) widest = std::max(widest, width_of(name));
  std::string out;
  for (const auto& [name, value] : *answer.object()) {
    out += name;
    out.append(widest - width_of(name) + 2, ' ');
    out += value.string() ? shown(*value.string(), 4000) : shown(value.text(), 4000);
    out += '\n';
  }
  print(out);
}

}  // namespace rowhook
