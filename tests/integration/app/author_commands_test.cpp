// The commands of those who write scripts and workflows, as a shell sees them, with no engine around.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/integration/app/files.h"
#include "tests/support/rowhook_process.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* paid_event =
    R"({"event_id":"shop:1:0","seq":7,"source":"shop","event_type":"record_updated","table":"orders",
  "record_id":9007199254740993,"old_values":{"id":9007199254740993,"status":"open","total":12.50},
  "new_values":{"id":9007199254740993,"status":"paid","total":12.50},"metadata":{"old_complete":true}})";

// A project with one script, one trigger, one workflow, one fixture and the given test.
class Project {
 public:
  explicit Project(const std::string& test) {
    write(dir_ / "scripts/paid.lua", "if new.status == \"paid\" then\n  return true\nend\nreturn false\n");
    write(dir_ / "triggers/paid.json",
          R"({"name":"paid orders","source":"shop","event_type":"record_updated","workflow_id":"w",
      "config":{"filter_script":"paid"}})");
    write(dir_ / "workflows/w.json", R"({"id":"w","name":"W","nodes":[{"node_id":"in","node_type":"input"},
      {"node_id":"tell","node_type":"http_request","config":{"url":"https://a.example/{{ new.status }}"}}],
      "connections":[{"from_node_id":"in","to_node_id":"tell"}]})");
    write(dir_ / "fixtures/paid.json", paid_event);
    write(dir_ / "test.lua", test);
  }
  RowhookProcess::Output run(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"test", dir_.path().string()});
    return run_rowhook(more);
  }
  json report(std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"-o", "json"});
    return json::parse(run(more).out);
  }
  std::string file(const std::string& name) const { return dir_ / name; }

 private:
  TempDir dir_;
};

TEST(TestCommand, PassesAndSaysSoInTap) {
  const Project project(
      "it(\"fires\", function()\n  expect(run.filter(\"paid\", fixture(\"paid\"))).to_be_true()\nend)\n");
  const auto output = project.run();
  EXPECT_EQ(output.status, 0) << output.out << output.err;
  EXPECT_THAT(output.out, HasSubstr("TAP version 14\n1..1\n"));
  EXPECT_THAT(output.out, HasSubstr("\nok 1 - fires\n"));
}

TEST(TestCommand, AFailureIsStatusOneWithLineAndBothValues) {
  const Project project(
      "describe(\"paid\", function()\n"
      "  it(\"is wrong here\", function()\n"
      "    local result = run.trigger(\"paid orders\", fixture(\"paid\"))\n"
      "    expect(spy(\"tell\").calls[1].url).to_be(\"https://a.example/open\")\n"
      "  end)\n"
      "end)\n");
  EXPECT_EQ(project.run().status, 1);
  EXPECT_THAT(project.run().out, HasSubstr("not ok 1 - paid > is wrong here"));
  const json failed = project.report()["tests"][0];
  EXPECT_EQ(failed["status"], "failed");
  EXPECT_EQ(failed["line"], 2);
  EXPECT_EQ(failed["failed_line"], 4);
  EXPECT_EQ(failed["message"], R"(expected "https://a.example/paid" to be "https://a.example/open")");
}

TEST(TestCommand, RunsScriptsUnderTheirLimits) {
  const Project project(
      "it(\"hangs\", function() while true do end end)\n"
      "it(\"reaches for files\", function() io.open(\"/etc/passwd\") end)\n"
      "it(\"is not disturbed by them\", function() expect(1 + 1).to_be(2) end)\n");
  const json tests = project.report()["tests"];
  EXPECT_THAT(tests[0]["message"].get<std::string>(), HasSubstr("time limit"));
  EXPECT_EQ(tests[0]["failed_line"], 1);
  EXPECT_THAT(tests[1]["message"].get<std::string>(), HasSubstr("'io' is not available"));
  EXPECT_EQ(tests[2]["status"], "passed");
}

TEST(TestCommand, ErrorsOfWhatIsTestedCanBeExpected) {
  const Project project(
      "it(\"a missing column\", function()\n"
      "  local event = fixture(\"paid\")\n"
      "  event.new_values.status = nil\n"
      "  event.old_values.status = nil\n"
      "  expect(function() run.filter(\"paid\", event) end).to_fail(\"has no column 'status'\")\n"
      "end)\n"
      "it(\"a pcall around it\", function()\n"
      "  local ok, message = pcall(run.filter, \"nothing\", fixture(\"paid\"))\n"
      "  expect(ok).to_be_false()\n"
      "  expect(message).to_contain(\"there is no script 'nothing'\")\n"
      "end)\n"
      "it(\"an unexpected one fails with the script's words\", function() run.transform(\"paid\", "
      "fixture(\"paid\")) end)\n"
      "pending(\"something for later\")\n");
  const json report = project.report();
  EXPECT_EQ(report["tests"][0]["message"], nullptr);
  EXPECT_EQ(report["tests"][1]["message"], nullptr);
  EXPECT_THAT(report["tests"][2]["message"].get<std::string>(), HasSubstr("a transform returns a table"));
  EXPECT_EQ(report["tests"][3]["status"], "pending");
  EXPECT_EQ(report["passed"], 2);
  EXPECT_EQ(report["ok"], false);
}

TEST(TestCommand, MatchersHoldAndDoNotHold) {
  const Project project(
      "it(\"all of them\", function()\n"
      "  expect(fixture(\"paid\").new_values.id).to_be(9007199254740993)\n"
      "  expect({ a = { 1, 2 }, b = null }).to_equal({ a = { 1, 2 } })\n"
      "  expect({ 1, 2 }).never.to_equal({ 1, 2, 3 })\n"
      "  expect({ a = 1, b = { c = 2, d = 3 } }).to_include({ b = { c = 2 } })\n"
      "  expect({ 1, { x = 2, y = 3 } }).to_contain({ x = 2 })\n"
      "  expect(\"a.b\").to_contain(\".\")\n"
      "  expect(\"order 12\").to_match(\"^order %d+$\")\n"
      "  expect(nil).to_be_nil()\n"
      "  expect(null).to_be_nil()\n"
      "  expect(3).to_be_greater_than(2)\n"
      "  "
      "expect(fixture(\"paid\").new_values).to_be_json('{\"id\":9007199254740993,\"status\":\"paid\","
      "\"total\":12.50}')\n"
      "  expect(1):to_be(1)\n"
      "end)\n"
      "it(\"says where two values differ\", function() expect({ a = { b = { 1, 2 } } }).to_equal({ a = { b = "
      "{ 1, 3 } } }) end)\n");
  const json report = project.report();
  EXPECT_EQ(report["tests"][0]["message"], nullptr);
  EXPECT_THAT(report["tests"][1]["message"].get<std::string>(), HasSubstr("at a.b.2: 2, not 3"));
}

TEST(TestCommand, SpiesAnswerInPlaceOfEffects) {
  const Project project(
      "it(\"retries\", function()\n"
      "  spy(\"tell\").fails(\"HTTP 503\", { retry_after = 60 })\n"
      "  local result = run.trigger(\"paid orders\", fixture(\"paid\"))\n"
      "  expect(result.status).to_be(\"retrying\")\n"
      "  expect(result.retry_after).to_be(60)\n"
      "  expect(result.steps[2].status).to_be(\"failed\")\n"
      "end)\n"
      "it(\"starts fresh\", function()\n"
      "  expect(run.workflow(\"w\", fixture(\"paid\")).status).to_be(\"completed\")\n"
      "  expect(spy(\"tell\")).to_be_called(1)\n"
      "  expect(spy(\"tell\").calls[1].input.record_id).to_be(9007199254740993)\n"
      "end)\n"
      "it(\"knows its nodes\", function()\n"
      "  spy(\"tel\").returns({})\n"
      "  run.workflow(\"w\", fixture(\"paid\"))\n"
      "end)\n");
  const json tests = project.report()["tests"];
  EXPECT_EQ(tests[0]["message"], nullptr);
  EXPECT_EQ(tests[1]["message"], nullptr);
  EXPECT_THAT(tests[2]["message"].get<std::string>(), HasSubstr("has no node 'tel'"));
  EXPECT_EQ(tests[2]["failed_line"], 15);
}

TEST(TestCommand, CoverageNamesTheLinesThatDidNotRun) {
  const Project project(
      "it(\"fires\", function() expect(run.filter(\"paid\", fixture(\"paid\"))).to_be_true() end)\n");
  write(project.file("scripts/never.lua"), "local x = 1\nreturn x == 1\n");
  const json coverage = project.report({"--coverage"})["coverage"];
  ASSERT_EQ(coverage.size(), 2U);
  EXPECT_EQ(coverage[0]["file"], "scripts/never.lua");
  EXPECT_EQ(coverage[0]["percent"], 0);
  EXPECT_EQ(coverage[0]["missed"], json::parse(R"(["1-2"])"));
  EXPECT_EQ(coverage[1]["file"], "scripts/paid.lua");
  EXPECT_EQ(coverage[1]["ran"], json::parse("[1,2]"));
  EXPECT_EQ(coverage[1]["missed"], json::parse(R"(["4"])"));
  EXPECT_THAT(project.run({"--coverage"}).out,
              HasSubstr("# coverage scripts/paid.lua: 66% (2 of 3 lines), not run: 4"));
}

TEST(TestCommand, WhatCannotBeRunIsSaid) {
  const Project broken("it(\"x\", function()\n  local = 3\nend)\n");
  const json failed = broken.report()["tests"][0];
  EXPECT_EQ(failed["status"], "failed");
  EXPECT_EQ(failed["failed_line"], 2);
  const TempDir empty;
  const auto none = run_rowhook({"test", empty.path().string()});
  EXPECT_EQ(none.status, 65);
  EXPECT_THAT(none.err, HasSubstr("no tests were found"));
  const Project two("it(\"one\", function() end)\nit(\"two\", function() end)\n");
  EXPECT_EQ(two.report({"--only", "two"})["tests"].size(), 1U);
}

TEST(ScriptRun, RunsAFileOnAnEventInAFile) {
  const Project project("");
  write(project.file("scripts/line.lua"),
        "local paid = require(\"helper\")\nreturn { id = new.id, text = paid(new) }\n");
  write(project.file("scripts/helper.lua"),
        "return function(row) log.info(\"seen\") return row.status end\n");
  const auto output = run_rowhook(
      {"script", "run", project.file("scripts/line.lua"), "--event", project.file("fixtures/paid.json")});
  EXPECT_EQ(output.status, 0) << output.err;
  EXPECT_THAT(output.out, HasSubstr(R"("result":{"id":9007199254740993,"text":"paid"})"));
  EXPECT_EQ(json::parse(output.out)["logs"][0]["message"], "seen");
  const auto filter = run_rowhook(
      {"script", "run", project.file("scripts/paid.lua"), "--event", project.file("fixtures/paid.json")});
  EXPECT_EQ(json::parse(filter.out)["result"], true) << "it turns out to be a filter";
  write(project.file("scripts/bad.lua"), "return new.totl\n");
  const auto bad = run_rowhook(
      {"script", "run", project.file("scripts/bad.lua"), "--event", project.file("fixtures/paid.json")});
  EXPECT_EQ(bad.status, 1);
  EXPECT_EQ(json::parse(bad.out)["error"]["line"], 1);
  EXPECT_FALSE(std::filesystem::exists("rowhook-data")) << "no data directory is made for it";
}

TEST(ScriptRepl, AnswersLineByLineAndKeepsWhatWasDeclared) {
  const Project project("");
  write(project.file("input"),
        "new.status\n"
        "local double = function(x)\n"
        "  return x * 2\n"
        "end\n"
        "double(new.id)\n"
        "new.nothing\n"
        "changed.status, changed.total\n"
        "io.open\n"
        ".nonsense\n"
        ".quit\n"
        "1 + 1\n");
  const auto output = run_rowhook({"script", "repl", "--event", project.file("fixtures/paid.json")}, "", {},
                                  project.file("input"));
  EXPECT_EQ(output.status, 0) << output.err;
  EXPECT_THAT(output.out, HasSubstr("\"paid\"\n18014398509481986\n"));
  EXPECT_THAT(output.out, HasSubstr("repl:1: table 'orders' has no column 'nothing'"))
      << "the line of what was typed, not of what was declared before";
  EXPECT_THAT(output.out, HasSubstr("\ntrue  false\n"));
  EXPECT_THAT(output.out, HasSubstr("'io' is not available"));
  EXPECT_THAT(output.out, HasSubstr("commands: .event"));
  EXPECT_THAT(output.out, Not(HasSubstr("\n2\n"))) << "nothing after .quit";
}

}  // namespace
}  // namespace rowhook::testing
