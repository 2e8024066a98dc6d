#include "web/server/openapi.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "web/server/routes.h"

namespace rowhook {
namespace {

void each_reference(const Json& value, const std::function<void(const std::string&)>& found) {
  if (value.is_object() && value.contains("$ref")) found(value["$ref"]);
  if (value.is_structured())
    for (const auto& part : value) each_reference(part, found);
}

TEST(OpenApi, EveryRouteHasItsShape) {
  std::set<std::string_view> known, routes;
  for (const auto& shape : route_shapes()) known.insert(shape.route);
  for (const auto& route : api_routes()) {
    routes.insert(route.name);
    EXPECT_TRUE(known.contains(route.name))
        << "what does " << route.name << " take and answer? See openapi.cpp";
  }
  EXPECT_EQ(known.size(), routes.size()) << "a shape of a route that is gone";
}

TEST(OpenApi, DescribesEveryRouteOnce) {
  const Json document = openapi_document();
  EXPECT_EQ(document["openapi"], "3.1.0");
  std::set<std::string> ids;
  std::size_t operations = 0;
  for (const auto& [path, methods] : document["paths"].items())
    for (const auto& [method, operation] : methods.items()) {
      operations += 1;
      EXPECT_TRUE(ids.insert(operation["operationId"]).second) << path;
    }
  EXPECT_EQ(operations, api_routes().size());
  const Json& list = document["paths"]["/api/v1/triggers"]["get"];
  EXPECT_EQ(list["x-rowhook-role"], "viewer");
  EXPECT_EQ(list["responses"]["200"]["content"]["application/json"]["schema"]["$ref"],
            "#/components/schemas/TriggerPage");
}

TEST(OpenApi, ReferencesLeadSomewhere) {
  const Json document = openapi_document();
  each_reference(document, [&](const std::string& reference) {
    EXPECT_TRUE(document.contains(Json::json_pointer(reference.substr(1)))) << reference;
  });
}

TEST(OpenApi, TheReferenceHasEveryRoute) {
  const std::string table = api_reference_markdown();
  for (const auto& route : api_routes())
    EXPECT_NE(table.find("`" + std::string(to_string(route.method)) + " " + std::string(route.pattern) + "`"),
              std::string::npos)
        << route.pattern;
}

}  // namespace
}  // namespace rowhook
