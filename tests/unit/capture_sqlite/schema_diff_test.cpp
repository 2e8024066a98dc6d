#include "engine/capture/change_table/sqlite_schema_diff.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace rowhook {
namespace {

std::vector<std::string> described(const SqliteDefinition& before, const SqliteDefinition& after) {
  std::vector<std::string> lines;
  for (const auto& detail : describe_changes("t", before, after)) {
    const auto json = nlohmann::json::parse('{' + detail + '}');
    std::string line = json.at("object_type").get<std::string>() + ' ' +
                       json.at("object_name").get<std::string>() + ' ' + json.at("change").get<std::string>();
    if (json.contains("previous_name")) line += " from " + json["previous_name"].get<std::string>();
    lines.push_back(line);
  }
  return lines;
}

SqliteDefinition columns(std::vector<std::pair<std::string, std::string>> list) {
  return {std::move(list), {}, {}, {}};
}

TEST(SqliteSchemaDiff, Columns) {
  const auto before = columns({{"id", "INTEGER"}, {"a", "TEXT"}, {"b", "INT"}});
  EXPECT_TRUE(described(before, before).empty());
  EXPECT_THAT(described(before, columns({{"id", "INTEGER"}, {"a", "TEXT"}, {"b", "INT"}, {"c", "JSON"}})),
              ::testing::ElementsAre("COLUMN c added"));
  EXPECT_THAT(described(before, columns({{"id", "INTEGER"}, {"z", "TEXT"}, {"b", "INT"}})),
              ::testing::ElementsAre("COLUMN z renamed from a"));
  EXPECT_THAT(described(before, columns({{"id", "INTEGER"}, {"b", "REAL"}})),
              ::testing::ElementsAre("COLUMN b retyped", "COLUMN a dropped"));
  EXPECT_THAT(described(before, columns({{"id", "INTEGER"}, {"b", "INT"}, {"c", "TEXT"}})),
              ::testing::ElementsAre("COLUMN c added", "COLUMN a dropped"));
}

TEST(SqliteSchemaDiff, IndexesAndPacking) {
  SqliteDefinition before = columns({{"id", "INTEGER"}}), after = before;
  before.indexes = {{"gone", "CREATE INDEX gone ON t(a)"}, {"same", "x"}, {"other", "1"}};
  after.indexes = {{"fresh", "CREATE INDEX fresh ON t(b)"}, {"same", "x"}, {"other", "2"}};
  EXPECT_THAT(
      described(before, after),
      ::testing::ElementsAre("INDEX fresh created", "INDEX other created anew", "INDEX gone dropped"));
  before.former = {"old"};
  EXPECT_EQ(unpack_definition(pack_definition(before)), before);
  EXPECT_TRUE(unpack_definition(pack_definition(before)).had_column("OLD"));
}

}  // namespace
}  // namespace rowhook
