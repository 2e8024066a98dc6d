// Records the streams of tests/unit/capture_postgres/golden, and checks that this server still gives the
// events of the recorded ones. To record anew (and then review the difference): ROWHOOK_RECORD_GOLDEN=1 and
// run this test, then the unit test likewise.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <fstream>
#include <sstream>

#include "tests/integration/capture_postgres/capture.h"
#include "tests/unit/capture_postgres/golden.h"

namespace rowhook::testing {
namespace {

// The statements of one part of a golden script, one line each.
std::vector<std::string> lines_of(const std::string& script, const std::string& part) {
  std::istringstream lines(script);
  std::vector<std::string> wanted;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("-- ", 0) == 0) {
      inside = line == "-- " + part;
    } else if (inside) {
      wanted.push_back(line);
    }
  }
  return wanted;
}

std::vector<std::string> record(const std::string& name) {
  PostgresCluster& cluster = shared_cluster();
  const std::string database = "golden_" + name;
  cluster.create_database(database);
  const std::string script = read_golden(name + ".sql");
  for (const std::string& line : lines_of(script, "setup")) cluster.sql(line, database);
  cluster.sql("SELECT pg_create_logical_replication_slot('" + database + "', 'pgoutput')", database);
  for (const std::string& line : lines_of(script, "changes")) cluster.sql(line, database);
  std::vector<std::string> messages;
  for (const auto& row :
       cluster.sql("SELECT encode(data, 'hex') FROM pg_logical_slot_get_binary_changes('" + database +
                       "', NULL, NULL, 'proto_version', '1', 'publication_names', 'golden')",
                   database))
    messages.push_back(row[0]);
  cluster.sql("SELECT pg_drop_replication_slot('" + database + "')", database);
  return messages;
}

class GoldenStream : public ::testing::TestWithParam<const char*> {};

TEST_P(GoldenStream, IsWhatThisServerSends) {
  const std::string name = GetParam();
  const std::vector<std::string> messages = record(name);
  if (::getenv("ROWHOOK_RECORD_GOLDEN")) {
    std::ofstream file(golden_path(name + ".hex"));
    for (const std::string& message : messages) file << message << '\n';
  }
  EXPECT_EQ(without_places(decode_golden(messages)), without_places(decode_golden(golden_messages(name))));
}

INSTANTIATE_TEST_SUITE_P(Golden, GoldenStream, ::testing::Values("changes", "types"));

}  // namespace
}  // namespace rowhook::testing
