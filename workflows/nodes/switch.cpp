#include <algorithm>

#include "engine/base/json.h"
#include "workflows/nodes/item_condition.h"
#include "workflows/nodes/script_source.h"

namespace rowhook {
namespace {

struct Rule {
  std::string port;
  std::optional<Condition> where;
  ScriptPtr script;
};

class SwitchNode final : public Node {
 public:
  SwitchNode(const nlohmann::json& config, NodeServices& services)
      : all_(config["match"] == "all"), default_(config.value("default", "")), services_(services) {
    for (const auto& rule : config["rules"])
      rules_.push_back({rule["port"], condition_of(rule), script_of(rule, ScriptKind::filter, services)});
  }

  boost::asio::awaitable<std::vector<Output>> run(ItemPtr item, RunContext& context) const override {
    std::vector<Output> outputs;
    for (const auto& rule : rules_) {
      if (!co_await matches(rule, item, context)) continue;
      outputs.push_back({rule.port, item});
      if (!all_) break;
    }
    if (outputs.empty() && !default_.empty()) outputs.push_back({default_, std::move(item)});
    // Why rules did not match matters only where nothing did.
    if (!outputs.empty()) context.notes.clear();
    co_return outputs;
  }

 private:
  boost::asio::awaitable<bool> matches(const Rule& rule, ItemPtr item, RunContext& context) const {
    if (rule.where && !passes(*rule.where, *item, context)) co_return false;
    if (!rule.script) co_return true;
    const ScriptResult result = co_await run_script(services_, rule.script, std::move(item), context);
    co_return result.pass;
  }

  bool all_;
  std::string default_;
  std::vector<Rule> rules_;
  NodeServices& services_;
};

std::vector<std::string> ports(const nlohmann::json& config) {
  std::vector<std::string> names;
  const auto add = [&](const nlohmann::json& name) {
    if (name.is_string() && std::find(names.begin(), names.end(), name.get<std::string>()) == names.end()) names.push_back(name);
  };
  if (const auto rules = config.find("rules"); rules != config.end() && rules->is_array())
    for (const auto& rule : *rules)
      if (rule.is_object() && rule.contains("port")) add(rule["port"]);
  if (const auto otherwise = config.find("default"); otherwise != config.end()) add(*otherwise);
  return names;
}

void validate(const nlohmann::json& config, NodeServices& services, std::vector<Problem>& problems) {
  for (std::size_t i = 0; i < config["rules"].size(); ++i) {
    const auto& rule = config["rules"][i];
    std::vector<Problem> found;
    if (!rule.contains("where") && !has_script(rule, ScriptKind::filter))
      found.push_back({"", "a rule needs `where`, `filter` or `filter_script`"});
    check_where(rule, found);
    check_script(rule, ScriptKind::filter, services, found);
    for (auto& problem : found)
      problems.push_back({pointer_append("/rules", i) + problem.pointer, std::move(problem.detail)});
  }
}

Field port_field(std::string name, std::string doc) {
  return Field::text(std::move(name), std::move(doc))
      .length(1, 255)
      .pattern("[a-zA-Z0-9_-]+", "use letters, digits, '_' and '-' only");
}

}  // namespace

NodeType switch_node() {
  Spec rule{port_field("port", "Output port for items of this rule").required(), where_field()};
  add_script_fields(rule, ScriptKind::filter);
  Spec spec{
      Field::list("rules", "Tried in this order",
                  Field::object("", "One port and its condition", std::move(rule)))
          .length(1, 100)
          .required(),
      port_field("default", "Output port for items that no rule matches; without it their way ends here"),
      Field::choice("match", "Whether an item leaves by the first rule that matches or by all",
                    {"first", "all"})
          .fallback("first"),
  };
  return {"switch",
          "Switch",
          "Sends an item, unchanged, out of the port of the first rule that matches (or of every one), so "
          "that different "
          "changes go different ways. A rule is a condition `where`, a Lua `filter`, or both.",
          false,
          false,
          std::move(spec),
          input_port,
          ports,
          validate,
          [](const nlohmann::json& config, NodeServices& services) -> std::unique_ptr<Node> {
            return std::make_unique<SwitchNode>(config, services);
          }};
}

}  // namespace rowhook
