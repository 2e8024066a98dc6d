#include "engine/app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rowhook {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;

Environment environment(std::map<std::string, std::string> values) {
  return [values](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

std::vector<Problem> problems_of(std::string_view text, const Environment& env = environment({})) {
  try {
    parse_config(text, "/etc/rowhook", env);
  } catch (const ConfigError& error) {
    return error.problems();
  }
  return {};
}

// The reference document's own configuration, its parts put together as they stand there.
constexpr std::string_view reference_document = R"({
  "connections": [
    {"name": "main_postgres", "type": "postgresql", "host": "localhost", "port": 5432, "database": "myapp",
     "username": "${DB_MONITOR_USER}", "password": "${DB_MONITOR_PASSWORD}", "schema": "public", "ssl_mode": "prefer"},
    {"name": "main_mysql", "type": "mysql", "host": "localhost", "port": 3306, "database": "myapp",
     "username": "monitor_user", "password": "secure_password"},
    {"name": "local_sqlite", "type": "sqlite", "database": "./database.db", "username": "", "password": ""}
  ],
  "tables": [
    {"connection": "main_postgres", "schema": "public", "table": "users", "primary_key": "id",
     "timestamp_column": "updated_at", "events": ["INSERT", "UPDATE", "DELETE"],
     "filters": {"where_clause": "active = true", "exclude_columns": ["password_hash", "session_token"]},
     "tags": ["user_management", "critical"]},
    {"connection": "main_postgres", "table": "orders", "primary_key": "order_id", "timestamp_column": "modified_at",
     "events": ["INSERT", "UPDATE"], "tags": ["ecommerce", "orders"]},
    {"table": "financial_transactions", "events": ["INSERT", "UPDATE", "DELETE"], "tags": ["audit", "financial", "compliance"]},
    {"table": "products", "events": ["UPDATE"], "filters": {"exclude_columns": ["last_viewed", "view_count"]},
     "tags": ["cache_invalidation"]}
  ],
  "monitoring": {"method": "polling", "polling_interval": 30, "batch_size": 1000, "track_schema_changes": true},
  "change_detection": {"enable_checksums": false, "track_field_changes": true, "ignore_system_users": true,
                       "system_users": ["postgres", "mysql", "sa", "system"]},
  "performance": {"connection_pool_size": 10, "query_timeout": 60, "max_concurrent_tables": 20},
  "retry": {"max_retries": 5, "retry_delay_seconds": 60, "exponential_backoff": true},
  "logging": {"log_queries": true, "log_data_changes": false, "log_level": "DEBUG"} // may expose row data
})";

TEST(Config, LoadsTheReferenceDocument) {
  const Config config = parse_config(reference_document, "/etc/rowhook",
                                     environment({{"DB_MONITOR_USER", "monitor"}, {"DB_MONITOR_PASSWORD", "s3cret"}}));
  ASSERT_EQ(config.connections.size(), 3U);
  ASSERT_EQ(config.sources.size(), 1U);
  const SourceSettings& main = config.sources.front();
  EXPECT_EQ(main.source, "main-postgres");
  EXPECT_EQ(main.username, "monitor");
  EXPECT_EQ(main.password, "s3cret");
  EXPECT_EQ(main.method, "polling");
  EXPECT_EQ(main.polling_interval, std::chrono::seconds{30});
  ASSERT_EQ(main.tables.size(), 4U);
  EXPECT_EQ(main.tables[0].where_clause, "active = true");
  EXPECT_THAT(main.tables[0].exclude_columns, Contains("session_token"));
  EXPECT_FALSE(main.tables[1].deletes);
  EXPECT_EQ(config.connections[2].database, "/etc/rowhook/database.db");
  EXPECT_EQ(config.retry.max_retries, 5U);
  EXPECT_EQ(config.log_level, log::Level::debug);
}

TEST(Config, DefaultsAreThoseOfTheReferenceDocument) {
  const Config config = parse_config(R"({"connections":[{"name":"shop","type":"sqlite","database":"/s.db"}],
                                         "tables":[{"table":"orders"}]})", "", environment({}));
  const SourceSettings& shop = config.sources.at(0);
  EXPECT_EQ(shop.method, "polling");
  EXPECT_EQ(shop.batch_size, 1000U);
  EXPECT_EQ(shop.query_timeout, std::chrono::seconds{60});
  EXPECT_TRUE(shop.tables[0].inserts && shop.tables[0].updates && shop.tables[0].deletes);
  EXPECT_EQ(config.retry.retry_delay, std::chrono::seconds{60});
  EXPECT_TRUE(config.retry.exponential_backoff);
  EXPECT_EQ(config.server.listen, "127.0.0.1:8088");
  EXPECT_EQ(config.pool_size, 10U);
  EXPECT_FALSE(config.log_data_changes);
}

TEST(Config, UnknownKeyNamesTheNearestKnownOne) {
  const auto problems = problems_of(R"({"monitoring": {"metod": "polling"}})");
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].pointer, "/monitoring/metod");
  EXPECT_THAT(problems[0].detail, HasSubstr("did you mean 'method'?"));
}

TEST(Config, EveryFaultIsReportedWithItsPointer) {
  const auto problems = problems_of(R"({
    "connections": [{"name": "a1", "type": "postgres", "database": "x", "port": 70000}],
    "tables": [{"connection": "a1"}, {"connection": "a1", "table": "t", "events": ["UPSERT"]}],
    "journal": {"retention": {"max_age": "7 days"}}})");
  const auto at = [](const char* pointer) { return Contains(Field(&Problem::pointer, pointer)); };
  EXPECT_THAT(problems, at("/connections/0/type"));
  EXPECT_THAT(problems, at("/connections/0/port"));
  EXPECT_THAT(problems, at("/tables/0/table"));
  EXPECT_THAT(problems, at("/tables/1/events/0"));
  EXPECT_THAT(problems, at("/journal/retention/max_age"));
}

TEST(Config, ConditionsAreParsedAtOnce) {
  const auto problems = problems_of(R"({"connections":[{"name":"shop","type":"sqlite","database":"s.db"}],
    "tables":[{"table":"orders","filters":{"where_clause":"status ="}}]})");
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].pointer, "/tables/0/filters/where_clause");
}

TEST(Config, NamesMustBeUniqueAndKnown) {
  const auto problems = problems_of(R"({
    "connections":[{"name":"shop_a","type":"sqlite","database":"s.db"},{"name":"shop-a","type":"sqlite","database":"t.db"}],
    "tables":[{"connection":"shop_b","table":"orders"}]})");
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(problems[0].pointer, "/connections/1/source");
  EXPECT_THAT(problems[1].detail, HasSubstr("did you mean 'shop_a'?"));
}

TEST(Config, EnvironmentIsReplacedInsideStringsAfterParsing) {
  std::vector<Problem> problems;
  const auto env = environment({{"A", "x\"y"}, {"EMPTY", ""}});
  const auto out = substitute_environment({{"a", "<${A}>"}, {"b", "${NO:-d:e}"}, {"c", "$${A}"}, {"d", "${EMPTY}"}, {"e", "${EMPTY:-f}"}},
                                          env, problems);
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(out["a"], "<x\"y>");
  EXPECT_EQ(out["b"], "d:e");
  EXPECT_EQ(out["c"], "${A}");
  EXPECT_EQ(out["d"], "");
  EXPECT_EQ(out["e"], "f");
}

TEST(Config, MissingEnvironmentIsAProblemWithItsPlace) {
  auto problems = problems_of(R"({"store": "postgresql://${DB_USER:?set DB_USER to the store's user}@h/d"})");
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].pointer, "/store");
  EXPECT_EQ(problems[0].detail, "set DB_USER to the store's user");
  problems = problems_of(R"({"store": "${NOPE}"})");
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_THAT(problems[0].detail, HasSubstr("NOPE"));
  EXPECT_TRUE(problems_of(R"({"store": "${NOPE}"})", {}).empty()) << "without an environment nothing is looked up";
}

TEST(Config, SchemaKnowsEveryKeyAndMarksSecrets) {
  const auto schema = config_schema();
  EXPECT_EQ(schema["properties"]["connections"]["items"]["properties"]["password"]["writeOnly"], true);
  EXPECT_EQ(schema["properties"]["monitoring"]["properties"]["method"]["enum"][2], "log_based");
  EXPECT_EQ(schema["additionalProperties"], false);
}

TEST(Config, SecretsAreRedacted) {
  const auto redacted = config_spec().redact({{"connections", {{{"name", "a"}, {"password", "s3cret"}}}}});
  EXPECT_EQ(redacted["connections"][0]["password"], "***");
  EXPECT_EQ(redacted["connections"][0]["name"], "a");
}

}  // namespace
}  // namespace rowhook
