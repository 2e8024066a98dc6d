#include "engine/router/trigger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/json.h"
#include "engine/router/router.h"

namespace rowhook {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Trigger valid() {
  Trigger trigger;
  trigger.id = 7;
  trigger.name = "Orders paid";
  trigger.workflow_id = "order-confirmation";
  trigger.source = "main-postgres";
  trigger.event_type = "record_updated";
  return trigger;
}

std::vector<std::string> pointers(const std::vector<Problem>& problems) {
  std::vector<std::string> out;
  for (const auto& problem : problems) out.push_back(problem.pointer);
  return out;
}

TEST(Trigger, AValidOneHasNoProblems) {
  Trigger trigger = valid();
  trigger.target_node_id = "check_1-a";
  trigger.config = parse_json(R"({"tables":["public.order*"],"changed":["status"],"where":"status = 'paid'",
    "filter":"new.status == 'paid'","transform_script":"to_mail","ordering":"source",
    "retry":{"max_retries":0,"retry_delay_seconds":0.5,"exponential_backoff":false,"max_delay_seconds":10},
    "endpoint":"https://example.com/x","secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})");
  EXPECT_THAT(validate_trigger(trigger), IsEmpty());
}

TEST(Trigger, NamesHaveThreeTo255CharactersAfterTrimming) {
  Trigger trigger = valid();
  for (const std::string name : {"", "ab", "  ab  ", "   "}) {
    trigger.name = name;
    EXPECT_THAT(pointers(validate_trigger(trigger)), ElementsAre("/name")) << name;
  }
  trigger.name = "  äöü  ";
  EXPECT_THAT(validate_trigger(trigger), IsEmpty());
  trigger.name = std::string(255, 'x');
  EXPECT_THAT(validate_trigger(trigger), IsEmpty());
  trigger.name += 'x';
  EXPECT_THAT(pointers(validate_trigger(trigger)), ElementsAre("/name"));
}

TEST(Trigger, FormatsOfTheSchema) {
  Trigger trigger = valid();
  for (const std::string source : {"ab", "a1", "main-postgres", "a--b9"}) {
    trigger.source = source;
    EXPECT_THAT(validate_trigger(trigger), IsEmpty()) << source;
  }
  for (const std::string source : {"", "a", "1a", "-a", "a-", "main_postgres", "Main", "a b", "a\n"}) {
    trigger.source = source;
    EXPECT_THAT(pointers(validate_trigger(trigger)), ElementsAre("/source")) << source;
  }
  trigger = valid();
  for (const std::string type : {"a", "record_updated", "x9_"}) {
    trigger.event_type = type;
    EXPECT_THAT(validate_trigger(trigger), IsEmpty()) << type;
  }
  for (const std::string type : {"", "9a", "_a", "A", "a-b"}) {
    trigger.event_type = type;
    EXPECT_THAT(pointers(validate_trigger(trigger)), ElementsAre("/event_type")) << type;
  }
  trigger = valid();
  for (const std::string node : {"a b", "", "ä", "a.b"}) {
    trigger.target_node_id = node;
    EXPECT_THAT(pointers(validate_trigger(trigger)), ElementsAre("/target_node_id")) << node;
  }
}

TEST(Trigger, LongTextIsRefusedWithoutAStackOverflow) {
  Trigger trigger = valid();
  trigger.source = trigger.event_type = trigger.workflow_id = std::string(4'000'000, 'a');
  trigger.target_node_id = trigger.source;
  EXPECT_THAT(pointers(validate_trigger(trigger)),
              ElementsAre("/workflow_id", "/source", "/event_type", "/target_node_id"));
}

TEST(Trigger, ConfigIsCheckedWithPointers) {
  Trigger trigger = valid();
  trigger.config = parse_json(R"({"wher":"a = 1"})");
  auto problems = validate_trigger(trigger);
  ASSERT_THAT(pointers(problems), ElementsAre("/config/wher"));
  EXPECT_THAT(problems[0].detail, HasSubstr("did you mean 'where'"));
  trigger.config = parse_json(R"({"where":"status = "})");
  EXPECT_THAT(pointers(validate_trigger(trigger)), ElementsAre("/config/where"));
  trigger.config = parse_json(R"({"filter":"true","filter_script":"x"})");
  EXPECT_THAT(pointers(validate_trigger(trigger)), ElementsAre("/config/filter_script"));
  trigger.config = parse_json(R"({"tables":[1],"ordering":"row","retry":{"max_retries":-1}})");
  EXPECT_THAT(
      pointers(validate_trigger(trigger)),
      ::testing::UnorderedElementsAre("/config/tables/0", "/config/ordering", "/config/retry/max_retries"));
  trigger.config = parse_json("[]");
  EXPECT_THAT(pointers(validate_trigger(trigger)), ElementsAre("/config"));
  trigger = valid();
  trigger.event_type = "record_inserted";
  trigger.config = parse_json(R"({"changed":["status"]})");
  EXPECT_THAT(pointers(validate_trigger(trigger)), ElementsAre("/config/changed"));
}

TEST(Trigger, JsonRoundTripKeepsEverythingButTheSecret) {
  Trigger trigger = valid();
  trigger.created_at = trigger.updated_at = 1'754'388'000'123'456;
  trigger.revision = 3;
  trigger.config = parse_json(R"({"secret":"whsec_abc","where":"a = 1"})");
  const auto shown = to_json(trigger);
  EXPECT_EQ(shown["config"]["secret"], "***");
  EXPECT_EQ(shown["target_node_id"], nullptr);
  EXPECT_EQ(shown["created_at"], "2025-08-05T10:00:00.123456Z");
  std::vector<Problem> problems;
  Trigger read = trigger_from_json(shown, problems);
  EXPECT_THAT(problems, IsEmpty());
  keep_secret(read, trigger);
  EXPECT_EQ(read.config, trigger.config);
  EXPECT_EQ(read.id, 7);
  EXPECT_EQ(read.revision, 3);
}

TEST(Trigger, JsonProblemsNameTheMember) {
  std::vector<Problem> problems;
  (void)trigger_from_json(parse_json(R"({"name":"abc","workflow_id":5,"sorce":"ab"})"), problems);
  EXPECT_THAT(pointers(problems), ElementsAre("/sorce", "/workflow_id"));
  problems.clear();
  (void)trigger_from_json(parse_json("[]"), problems);
  EXPECT_THAT(pointers(problems), ElementsAre(""));
}

TEST(Trigger, WithAnEndpointTheWorkflowMayBeMissing) {
  std::vector<Problem> problems;
  const Trigger trigger = trigger_from_json(
      parse_json(
          R"({"name":" hook 1 ","source":"shop","event_type":"record_inserted","endpoint":"http://127.0.0.1:1/x"})"),
      problems);
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_EQ(trigger.config["endpoint"], "http://127.0.0.1:1/x");
}

}  // namespace
}  // namespace rowhook
