#include "web/server/journal_range.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "engine/base/errors.h"
#include "engine/execution/backtest.h"
#include "engine/journal/journal.h"
#include "web/server/call.h"

namespace rowhook {
namespace {

std::optional<std::uint64_t> seq_of(std::string_view text) {
  std::uint64_t seq = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seq);
  if (error != std::errc() || end != text.data() + text.size() || seq > INT64_MAX) return std::nullopt;
  return seq;
}

}  // namespace

std::optional<std::uint64_t> seq_member(const ApiContext& api, const Json& body, std::string_view name) {
  const auto found = body.find(name);
  if (found == body.end() || found->is_null()) return std::nullopt;
  if (found->is_number_unsigned()) return found->get<std::uint64_t>();
  if (found->is_string()) {
    const auto& text = found->get_ref<const std::string&>();
    if (const auto seq = seq_of(text)) return seq;
    try {
      return seq_at(api.journal(), parse_rfc3339(text));
    } catch (const InvalidInput&) {  // said below
    }
  }
  const std::string detail = "expected a seq, or a time such as 2025-08-05T10:00:00Z";
  const std::string pointer = pointer_append("", name);
  throw InvalidInput("the request is not valid: " + pointer + ": " + detail, {{pointer, detail}});
}

void read_range(const Query& query, EventFilter& filter) {
  if (const auto seq = seq_of(query.text("from"))) {
    filter.from_seq = *seq;
  } else {
    filter.from = query.time("from");
  }
  if (const auto seq = seq_of(query.text("to"))) {
    filter.before_seq = std::min(filter.before_seq, *seq + 1);
  } else {
    filter.to = query.time("to");
  }
}

}  // namespace rowhook
