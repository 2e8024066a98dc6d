#include "engine/base/line_diff.h"

#include <algorithm>
#include <vector>

namespace rowhook {
namespace {

constexpr std::size_t context_lines = 3, most_compared = 2000;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

using Lines = std::vector<std::string_view>;

struct Edit {
  char sign;  // ' ', '-' or '+'
  std::string_view line;
};

// The longest common subsequence of the parts that differ, by the textbook's table.
void compare(const Lines& a, std::size_t a_from, std::size_t a_to, const Lines& b, std::size_t b_from,
             std::size_t b_to, std::vector<Edit>& edits) {
  const std::size_t rows = a_to - a_from, columns = b_to - b_from;
  if (rows > most_compared || columns > most_compared) {
    for (std::size_t i = a_from; i < a_to; ++i) edits.push_back({'-', a[i]});
    for (std::size_t j = b_from; j < b_to; ++j) edits.push_back({'+', b[j]});
    return;
  }
  std::vector<std::vector<std::uint16_t>> common(rows + 1, std::vector<std::uint16_t>(columns + 1));
  for (std::size_t i = rows; i-- > 0;)
    for (std::size_t j = columns; j-- > 0;)
      common[i][j] = a[a_from + i] == b[b_from + j] ? static_cast<std::uint16_t>(common[i + 1][j + 1] + 1)
                                                    : std::max(common[i + 1][j], common[i][j + 1]);
  std::size_t i = 0, j = 0;
  while (i < rows || j < columns) {
    if (i < rows && j < columns && a[a_from + i] == b[b_from + j]) {
      edits.push_back({' ', a[a_from + i]});
      ++i, ++j;
    } else if (i < rows && (j == columns || common[i + 1][j] >= common[i][j + 1])) {
      edits.push_back({'-', a[a_from + i++]});
    } else {
      edits.push_back({'+', b[b_from + j++]});
    }
  }
}

std::vector<Edit> edits_between(const Lines& a, const Lines& b) {
  std::size_t head = 0, tail = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
  while (tail + head < a.size() && tail + head < b.size() && a[a.size() - 1 - tail] == b[b.size() - 1 - tail])
    ++tail;
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < head; ++i) edits.push_back({' ', a[i]});
  compare(a, head, a.size() - tail, b, head, b.size() - tail, edits);
  for (std::size_t i = a.size() - tail; i < a.size(); ++i) edits.push_back({' ', a[i]});
  return edits;
}

std::string range(std::size_t first, std::size_t count) {
  return std::to_string(count == 0 ? first : first + 1) + "," + std::to_string(count);
}

}  // namespace

std::string line_diff(std::string_view before, std::string_view after) {
  const Lines a = lines_of(before), b = lines_of(after);
  const std::vector<Edit> edits = edits_between(a, b);
  const auto changed = [&](std::size_t i) { return edits[i].sign != ' '; };
  std::string out;
  std::size_t a_line = 0, b_line = 0, at = 0;
  const auto step = [&](char sign) {
    a_line += sign != '+' ? 1 : 0;
    b_line += sign != '-' ? 1 : 0;
  };
  while (at < edits.size()) {
    std::size_t first = at;
    while (first < edits.size() && !changed(first)) ++first;
    if (first == edits.size()) break;
    const std::size_t begin = std::max(at, first - std::min(first, context_lines));
    std::size_t last = first;  // the last change that belongs to this hunk
    for (std::size_t i = first; i < edits.size() && i <= last + 2 * context_lines; ++i)
      if (changed(i)) last = i;
    const std::size_t end = std::min(edits.size(), last + 1 + context_lines);
    for (; at < begin; ++at) step(edits[at].sign);
    const std::size_t a_first = a_line, b_first = b_line;
    std::string body;
    for (; at < end; ++at) {
      body += edits[at].sign;
      body += edits[at].line;
      body += '\n';
      step(edits[at].sign);
    }
    out +=
        "@@ -" + range(a_first, a_line - a_first) + " +" + range(b_first, b_line - b_first) + " @@\n" + body;
  }
  return out;
}

}  // namespace rowhook
