#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/base/log.h"
#include "engine/router/router.h"

namespace rowhook {

using nlohmann::json;

namespace {

std::vector<std::string> texts(const json& config, const char* name) {
  std::vector<std::string> out;
  if (const auto found = config.find(name); found != config.end() && found->is_array())
    for (const auto& element : *found)
      if (element.is_string()) out.push_back(element.get<std::string>());
  return out;
}

std::string text(const json& config, const char* name) {
  const auto found = config.find(name);
  return found != config.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

std::optional<std::chrono::milliseconds> seconds(const json& retry, const char* name) {
  const auto found = retry.find(name);
  if (found == retry.end() || !found->is_number()) return {};
  const double value = found->get<double>();
  if (!(value >= 0)) return {};
  return std::chrono::milliseconds{static_cast<std::int64_t>(std::llround(std::min(value, 1e9) * 1000))};
}

// The script written in the config, or the stored one it names. Null when neither is given.
ScriptPtr script_of(CompiledTrigger& compiled, ScriptKind kind, const Router::ScriptText& stored) {
  const char* inline_name = kind == ScriptKind::filter ? "filter" : "transform";
  const char* stored_name = kind == ScriptKind::filter ? "filter_script" : "transform_script";
  const json& config = compiled.trigger.config;
  if (const std::string name = text(config, stored_name); !name.empty()) {
    if (auto found = stored ? stored(name) : std::nullopt) return make_script(kind, name, std::move(*found));
    compiled.broken = ScriptError{ScriptError::Type::refused,
                                  "there is no script '" + name + "' (" + stored_name + ")", name};
    return nullptr;
  }
  std::string written = text(config, inline_name);
  if (blank(written)) return nullptr;
  return make_script(kind, "trigger " + std::to_string(compiled.trigger.id) + " " + inline_name,
                     std::move(written));
}

}  // namespace

RetryOverrides retry_overrides(const json& retry) {
  RetryOverrides out;
  if (!retry.is_object()) return out;
  if (const auto found = retry.find("max_retries"); found != retry.end() && found->is_number_unsigned())
    out.max_retries = static_cast<unsigned>(std::min<std::uint64_t>(found->get<std::uint64_t>(), 1000));
  if (const auto found = retry.find("exponential_backoff"); found != retry.end() && found->is_boolean())
    out.exponential_backoff = found->get<bool>();
  out.retry_delay = seconds(retry, "retry_delay_seconds");
  out.max_delay = seconds(retry, "max_delay_seconds");
  return out;
}

CompiledTriggerPtr compile_trigger(Trigger trigger, const Router::ScriptText& scripts) {
  auto compiled = std::make_shared<CompiledTrigger>();
  compiled->trigger = std::move(trigger);
  if (!compiled->trigger.config.is_object()) compiled->trigger.config = json::object();
  const json& config = compiled->trigger.config;
  compiled->tables = texts(config, "tables");
  compiled->changed = texts(config, "changed");
  if (const std::string where = text(config, "where"); !blank(where)) try {
      compiled->where = Condition::parse(where);
    } catch (const InvalidInput& error) {
      compiled->broken =
          ScriptError{ScriptError::Type::syntax, std::string("where: ") + error.what(), "where"};
    }
  compiled->filter = script_of(*compiled, ScriptKind::filter, scripts);
  compiled->transform = script_of(*compiled, ScriptKind::transform, scripts);
  if (scripts)
    for (auto* script : {&compiled->filter, &compiled->transform})
      *script = with_pinned_modules(*script, scripts);
  std::string ordering = text(config, "ordering");
  // What kv gives back is exact only for one execution after another.
  if (ordering.empty() && compiled->keeps_state()) ordering = "source";
  compiled->ordering = ordering == "source" ? CompiledTrigger::Ordering::source
                       : ordering == "none" ? CompiledTrigger::Ordering::none
                                            : CompiledTrigger::Ordering::key;
  if (const auto retry = config.find("retry"); retry != config.end())
    compiled->retry = retry_overrides(*retry);
  return compiled;
}

}  // namespace rowhook
