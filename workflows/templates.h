#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/errors.h"
#include "engine/event/document.h"
#include "workflows/node.h"

namespace rowhook {

// What templates can name while a node runs: `item`, `event`, `new`, `old` and `execution` (id, trigger_id,
// workflow_id, node_id, attempt). Keeps references. Thread safety: confined to the run.
struct TemplateScope {
  const Item& item;
  const RunContext& context;
};

// Text with values in it: "Order {{ new.id }} of {{ item.customer.name | default('somebody') }}". Grammar:
// docs/workflows.md. Columns are read from the event's rows; the event is turned into JSON only where a path
// needs it. Thread safety: immutable, safe to share.
class Template {
 public:
  // What is done to values on their way into the text.
  enum class Target {
    text,    // as they are; null as `null`, objects and arrays as JSON
    url,     // percent-encoded unless the template begins with the value or it says `| raw`; null is an error
    header,  // as they are; null, control characters and line breaks are errors
  };

  // Throws InvalidInput: "column 12: expected '}}' after item.id".
  static Template parse(std::string_view text);
  bool is_constant() const;

  // A template that is one value keeps its type exactly; any other gives text. Throws PermanentError naming
  // the path that does not exist and has no default.
  Document value(const TemplateScope& scope) const;
  std::string text(const TemplateScope& scope, Target target = Target::text) const;

  struct Expression {
    enum class Form { plain, json, urlencode, raw };
    std::string source;             // as it was written, for messages
    std::vector<std::string> path;  // the root first; empty: a literal, given by fallback
    std::optional<Document> fallback;
    Form form = Form::plain;
  };

 private:
  struct Part {
    std::string literal;
    std::optional<Expression> expression;
  };
  std::vector<Part> parts_;
};

// A JSON value whose strings, at any depth, are templates; names of members are not.
// Thread safety: immutable, safe to share.
class ValueTemplate {
 public:
  // Throws InvalidInput with one problem, its pointer relative to `value`.
  static ValueTemplate parse(const nlohmann::json& value);
  Document value(const TemplateScope& scope) const;

 private:
  using List = std::vector<ValueTemplate>;
  using Members = std::vector<std::pair<std::string, ValueTemplate>>;
  std::variant<Document, Template, List, Members> form_;
};

// Appends a problem for each template in `value` that cannot be parsed; `pointer` is where `value` stands.
void check_templates(const nlohmann::json& value, const std::string& pointer, std::vector<Problem>& problems);

// RFC 3986: everything but unreserved characters as %XX.
std::string percent_encoded(std::string_view text);

}  // namespace rowhook
