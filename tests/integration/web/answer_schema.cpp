#include "tests/integration/web/answer_schema.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "web/server/openapi.h"
#include "web/server/routes.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;

const json& description() {
  static const json document = openapi_document();
  return document;
}

const valijson::Schema& compiled(const json& schema) {
  static std::map<std::string, std::unique_ptr<valijson::Schema>> cache;
  auto& known = cache[schema.dump()];
  if (!known) {
    const json whole{{"allOf", {schema}}, {"components", description()["components"]}};
    known = std::make_unique<valijson::Schema>();
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(whole), *known);
  }
  return *known;
}

std::string difference(const json& schema, const json& body) {
  valijson::Validator validator;
  valijson::ValidationResults results;
  if (validator.validate(compiled(schema), valijson::adapters::NlohmannJsonAdapter(body), &results))
    return "";
  std::string text;
  for (valijson::ValidationResults::Error error; results.popError(error);) {
    for (const auto& part : error.context) text += part;
    text += ": " + error.description + "; ";
  }
  return text;
}

}  // namespace

void expect_as_described(const std::string& method, const std::string& target, const HttpAnswer& answer) {
  if (answer.status == 0 || answer.status == 304 || method == "HEAD" || method == "OPTIONS") return;
  const std::string type = answer.header("content-type"), what = method + " " + target + ": ";
  if (answer.status >= 400) {
    EXPECT_EQ(type, "application/problem+json") << what;
    EXPECT_EQ(difference({{"$ref", "#/components/schemas/Problem"}}, answer.json()), "")
        << what << answer.body;
    return;
  }
  const std::string path = target.starts_with("/") ? target.substr(0, target.find('?')) : "";
  const RouteMatch match = match_route(http_method(method), path);
  if (!match.route && !path.starts_with("/api/")) return;  // the page and its parts
  ASSERT_NE(match.route, nullptr) << what << "answered " << answer.status << " but is no route";
  std::string verb = method;
  std::transform(verb.begin(), verb.end(), verb.begin(), [](char c) { return static_cast<char>(c | 0x20); });
  const json& responses = description()["paths"][std::string(match.route->pattern)][verb]["responses"];
  ASSERT_TRUE(responses.contains(std::to_string(answer.status))) << what << "answered " << answer.status;
  const json& response = responses[std::to_string(answer.status)];
  if (!response.contains("content")) {
    EXPECT_EQ(answer.body, "") << what;
    return;
  }
  const std::string media = type.substr(0, type.find(';'));
  ASSERT_TRUE(response["content"].contains(media)) << what << type;
  if (media != "application/json") return;
  EXPECT_EQ(difference(response["content"][media]["schema"], answer.json()), "") << what << answer.body;
}

}  // namespace rowhook::testing
