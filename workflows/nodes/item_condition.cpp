#include "workflows/nodes/item_condition.h"

namespace rowhook {
namespace {

class ItemScope final : public ConditionScope {
 public:
  ItemScope(const Item& item, const Event& event) : rows_(event) {
    if (!item.event()) members_.emplace(item.document());
  }
  Value column(std::string_view qualifier, std::string_view name) const override {
    return members_ && qualifier.empty() ? members_->column(qualifier, name) : rows_.column(qualifier, name);
  }

 private:
  EventScope rows_;
  std::optional<DocumentScope> members_;
};

std::string reason(const Condition::Verdict& verdict) {
  if (!verdict.missing.empty()) return "where: there is no '" + verdict.missing + "' to compare";
  std::string text = "where: " + verdict.predicate + " does not hold";
  for (const auto& [name, value] : verdict.values) text += "; " + name + " is " + value;
  return text;
}

}  // namespace

Field where_field() {
  return Field::text("where", "Condition on the event's columns, or on the members of a changed item")
      .length(1, 1 << 16)
      .format("condition")
      .example("status = 'paid' AND total_amount > 100");
}

void check_where(const nlohmann::json& config, std::vector<Problem>& problems) {
  try {
    condition_of(config);
  } catch (const InvalidInput& error) {
    problems.push_back({"/where", error.what()});
  }
}

std::optional<Condition> condition_of(const nlohmann::json& config) {
  const auto where = config.find("where");
  if (where == config.end()) return std::nullopt;
  return Condition::parse(where->get_ref<const std::string&>());
}

bool passes(const Condition& condition, const Item& item, RunContext& context) {
  const ItemScope scope(item, *context.event);
  if (condition.evaluate(scope) == Condition::Truth::yes) return true;
  context.notes.push_back(reason(condition.explain(scope)));
  return false;
}

}  // namespace rowhook
