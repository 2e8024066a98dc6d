// Any text either is refused with a place or parses into a condition that evaluates and explains itself
// consistently.
#include <cstdlib>

#include "engine/base/errors.h"
#include "engine/db/condition.h"

namespace {

// Values of every kind, chosen by the name's first letter.
class AnyScope final : public rowhook::ConditionScope {
 public:
  rowhook::Value column(std::string_view, std::string_view name) const override {
    const auto kind = static_cast<rowhook::ValueKind>(static_cast<unsigned char>(name.front()) % 9);
    if (kind == rowhook::ValueKind::number) return {kind, "12.50"};
    if (kind > rowhook::ValueKind::number) return {kind, name};
    return {kind, {}};
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto condition = rowhook::Condition::parse(text);
    const AnyScope scope;
    const auto verdict = condition.explain(scope);
    if (verdict.truth != condition.evaluate(scope)) std::abort();
    if ((verdict.truth == rowhook::Condition::Truth::yes) != verdict.predicate.empty()) std::abort();
  } catch (const rowhook::InvalidInput& refused) {
    if (refused.problems().empty()) std::abort();
  }
  return 0;
}
