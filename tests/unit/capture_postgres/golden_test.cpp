#include "tests/unit/capture_postgres/golden.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <fstream>
#include <sstream>

#include "engine/event/document.h"

namespace rowhook::testing {
namespace {

class Golden : public ::testing::TestWithParam<const char*> {};

TEST_P(Golden, StreamGivesTheseEventsByteForByte) {
  const std::string name = GetParam();
  const std::vector<std::string> events = decode_golden(golden_messages(name));
  if (::getenv("ROWHOOK_RECORD_GOLDEN")) {
    std::ofstream file(golden_path(name + ".jsonl"));
    for (const std::string& event : events) file << event << '\n';
  }
  std::istringstream lines(read_golden(name + ".jsonl"));
  std::vector<std::string> expected;
  for (std::string line; std::getline(lines, line);) expected.push_back(line);
  ASSERT_EQ(events.size(), expected.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i], expected[i]);
    EXPECT_NO_THROW(Document::parse(events[i]));
  }
}

INSTANTIATE_TEST_SUITE_P(Streams, Golden, ::testing::Values("changes", "types"));

}  // namespace
}  // namespace rowhook::testing
