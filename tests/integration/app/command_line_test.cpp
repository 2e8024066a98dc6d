// The command line as a shell sees it: output, exit status, messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/rowhook_process.h"

namespace rowhook::testing {
namespace {

using ::testing::HasSubstr;

std::string file_with(const TempDir& directory, const std::string& name, const std::string& text) {
  std::ofstream(directory / name) << text;
  return directory / name;
}

TEST(CommandLine, VersionAndUsage) {
  const auto version = run_rowhook({"version"});
  EXPECT_EQ(version.status, 0);
  EXPECT_THAT(version.out, HasSubstr("rowhook 0."));
  EXPECT_EQ(run_rowhook({}).status, 64);
  EXPECT_EQ(run_rowhook({"no-such-command"}).status, 64);
  EXPECT_EQ(run_rowhook({"executions", "show"}).status, 64);
  EXPECT_EQ(run_rowhook({"--help"}).status, 0);
}

TEST(CommandLine, CompletesItsCommandsAndOptions) {
  const TempDir directory;
  const auto script = run_rowhook({"completion", "bash"});
  ASSERT_EQ(script.status, 0) << script.err;
  const auto completed = [&](const std::string& words, int at) {
    file_with(directory, "ask.sh",
              script.out + "COMP_WORDS=(rowhook " + words + ") COMP_CWORD=" + std::to_string(at) +
                  "; _rowhook; echo \"${COMPREPLY[*]}\" > answer\n");
    EXPECT_EQ(std::system(("cd '" + directory.path().string() + "' && bash ask.sh").c_str()), 0);
    std::ifstream answer(directory / "answer");
    std::string line;
    std::getline(answer, line);
    return line;
  };
  EXPECT_EQ(completed("dead", 1), "dead-letters");
  EXPECT_EQ(completed("-o json dead-letters re", 4), "retry");
  EXPECT_EQ(completed("replay --fr", 2), "--from");
  EXPECT_EQ(completed("executions list --sta", 3), "--status");
  EXPECT_EQ(completed("serve --data", 2), "--data-dir");
  for (const char* shell : {"zsh", "fish"})
    EXPECT_THAT(run_rowhook({"completion", shell}).out, HasSubstr("dead-letters")) << shell;
  EXPECT_EQ(run_rowhook({"completion", "cmd"}).status, 64);
}

TEST(CommandLine, AGoodConfigurationIsCheckedWithoutADatabase) {
  const TempDir directory;
  const auto file = file_with(directory, "good.json",
                              R"({"connections":[{"name":"shop","type":"sqlite","database":"none.db"}],
                                                           "tables":[{"table":"orders"}]} // comment)"
                              "\n");
  const auto output = run_rowhook({"config", "check", file});
  EXPECT_EQ(output.status, 0) << output.err;
  EXPECT_EQ(nlohmann::json::parse(output.out)["sources"][0]["source"], "shop");
}

TEST(CommandLine, ScriptsAreCheckedWithoutAnEngine) {
  const TempDir directory;
  const auto good = file_with(directory, "good.lua", "return new.status == 'paid'\n");
  const auto bad = file_with(directory, "bad.lua", "local x = 1\nreturn stauts == 'paid'\n");
  const auto broken = file_with(directory, "broken.lua", "local x = 1\n  return (\n");
  EXPECT_EQ(run_rowhook({"script", "check", good}, directory.path().string()).status, 0);
  const auto output =
      run_rowhook({"script", "check", good, bad, broken, "-o", "table"}, directory.path().string());
  EXPECT_EQ(output.status, 1);
  EXPECT_EQ(output.out, bad + ":1:7: warning: local 'x' is never used\n" + bad +
                            ":2:8: error: nothing is named 'stauts'\n" + broken +
                            ":3:1: error: unexpected symbol near '<eof>'\n");
  const auto json = nlohmann::json::parse(run_rowhook({"script", "check", bad}).out);
  EXPECT_EQ(json["ok"], false);
  EXPECT_EQ(json["problems"][1]["column"], 8);
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "rowhook-data")) << "it needs no data directory";
  EXPECT_EQ(run_rowhook({"script", "check", directory / "missing.lua"}).status, 65);
  EXPECT_THAT(run_rowhook({"script", "library"}).out, ::testing::StartsWith("---@meta"));
}

TEST(CommandLine, ABadConfigurationIsStatus78AndNamesThePlace) {
  const TempDir directory;
  const auto file =
      file_with(directory, "bad.json",
                R"({"monitoring": {"metod": "polling"}, "journal": {"retention": {"max_age": 7}}})");
  const auto output = run_rowhook({"config", "check", file});
  EXPECT_EQ(output.status, 78);
  EXPECT_THAT(output.err, HasSubstr("bad.json"));
  EXPECT_THAT(output.err, HasSubstr("/monitoring/metod"));
  EXPECT_THAT(output.err, HasSubstr("did you mean 'method'?"));
  EXPECT_THAT(output.err, HasSubstr("/journal/retention/max_age"));
  EXPECT_EQ(run_rowhook({"config", "check", directory / "missing.json"}).status, 78);
  EXPECT_EQ(run_rowhook({"serve", "--config", file}, directory.path().string()).status, 78);
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "rowhook-data"))
      << "nothing is made for a bad configuration";
}

TEST(CommandLine, EnvironmentVariablesAreLookedUpUnlessToldOtherwise) {
  const TempDir directory;
  const auto file = file_with(
      directory, "env.json",
      R"({"connections":[{"name":"pg","type":"postgresql","database":"d","password":"${ROWHOOK_TEST_PW}"}]})");
  EXPECT_EQ(run_rowhook({"config", "check", file}).status, 78);
  EXPECT_EQ(run_rowhook({"config", "check", file, "--no-environment"}).status, 0);
  const auto output = run_rowhook({"config", "check", file}, "", {{"ROWHOOK_TEST_PW", "topsecret"}});
  EXPECT_EQ(output.status, 0);
  EXPECT_EQ((output.out + output.err).find("topsecret"), std::string::npos);
}

TEST(CommandLine, SchemaIsJsonSchema) {
  const auto schema = nlohmann::json::parse(run_rowhook({"config", "schema"}).out);
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_TRUE(schema["properties"].contains("connections"));
}

TEST(CommandLine, CommandsWorkWithoutARunningEngine) {
  const TempDir directory;
  const std::string data = directory / "data";
  EXPECT_EQ(run_rowhook({"migrate", "up", "--data-dir", data}).status, 0);
  const auto status = run_rowhook({"migrate", "status", "--data-dir", data});
  EXPECT_EQ(status.status, 0);
  EXPECT_EQ(nlohmann::json::parse(status.out)["items"][0]["state"], "applied");
  const auto applied = run_rowhook({"apply", "examples/shop", "--data-dir", data});
  EXPECT_EQ(applied.status, 0) << applied.err;
  const auto triggers = run_rowhook({"triggers", "list", "--data-dir", data});
  EXPECT_EQ(nlohmann::json::parse(triggers.out)["total"], 5) << triggers.err;
  const auto again =
      nlohmann::json::parse(run_rowhook({"apply", "examples/shop", "--dry-run", "--data-dir", data}).out);
  for (const auto& change : again["items"]) EXPECT_EQ(change["action"], "unchanged") << change;
  EXPECT_EQ(run_rowhook({"tail", "--data-dir", data}).status, 69) << "nothing to follow without an engine";
  const auto table = run_rowhook({"triggers", "list", "-o", "table", "--data-dir", data});
  EXPECT_THAT(table.out, HasSubstr("Order status changed"));
}

TEST(CommandLine, WhoOnlyReadsMakesNoDataDirectory) {
  const TempDir directory;
  const std::string data = directory / "data";
  file_with(directory, "good.lua", "return true");
  const std::vector<std::vector<std::string>> reading{
      {"triggers", "list"},
      {"executions", "show", "1-1"},
      {"explain", "shop:01:0"},
      {"script", "versions", "big"},
      {"script", "rollback", "big", "1"},
      {"script", "state", "big", "--clear"},
      {"script", "run", directory / "good.lua", "--event", "shop:01:0"},
      {"backtest", "--trigger", "1"},
      {"export", directory / "out"},
      {"migrate", "down"}};
  for (auto command : reading) {
    const std::string name = command[0] + " " + command[1];
    command.insert(command.end(), {"--data-dir", data});
    const auto output = run_rowhook(command);
    EXPECT_EQ(output.status, 69) << name << output.err;
    EXPECT_THAT(output.err, HasSubstr("there is no data directory " + data + ": no engine has run there"))
        << name;
    EXPECT_THAT(output.err, HasSubstr("remedy: name the engine's with --data-dir")) << name;
  }
  EXPECT_EQ(run_rowhook({"migrate", "status", "--data-dir", data}).status, 1) << "all are pending";
  const auto tried = run_rowhook({"apply", "examples/shop", "--dry-run", "--data-dir", data});
  EXPECT_EQ(tried.status, 0) << tried.err;
  EXPECT_EQ(nlohmann::json::parse(tried.out)["items"][0]["action"], "create");
  EXPECT_FALSE(std::filesystem::exists(data));
  EXPECT_EQ(run_rowhook({"token", "create", "ci", "--role", "viewer", "--data-dir", data}).status, 0);
  EXPECT_TRUE(std::filesystem::exists(data)) << "who stores something does";
}

TEST(CommandLine, ApplyChangesNothingWhenOneFileIsWrong) {
  const TempDir directory;
  const std::string data = directory / "data";
  for (const char* folder : {"workflows", "triggers", "scripts"})
    std::filesystem::create_directories(directory.path() / "defs" / folder);
  file_with(directory, "defs/scripts/good.lua", "return { a = 1 }");
  file_with(directory, "defs/workflows/w.json",
            R"({"id":"w","name":"W","nodes":[{"node_id":"in","node_type":"input"}],"connections":[]})");
  file_with(directory, "defs/triggers/t.json",
            R"({"name":"bad one","source":"Bad_Source","event_type":"record_inserted","workflow_id":"w"})");
  const auto output = run_rowhook({"apply", directory / "defs", "--data-dir", data});
  EXPECT_EQ(output.status, 65);
  EXPECT_THAT(output.err, HasSubstr("triggers/t.json"));
  EXPECT_THAT(output.err, HasSubstr("/source"));
  EXPECT_EQ(nlohmann::json::parse(run_rowhook({"workflows", "list", "--data-dir", data}).out)["total"], 0);
}

TEST(CommandLine, ExportGivesBackWhatWasApplied) {
  const TempDir directory;
  const std::string data = directory / "data";
  ASSERT_EQ(run_rowhook({"apply", "examples/shop", "--data-dir", data}).status, 0);
  ASSERT_EQ(run_rowhook({"export", directory / "out", "--data-dir", data}).status, 0);
  const auto other = run_rowhook({"apply", directory / "out", "--data-dir", directory / "data2"});
  EXPECT_EQ(other.status, 0) << other.err;
  const auto same = nlohmann::json::parse(
      run_rowhook({"apply", "examples/shop", "--dry-run", "--data-dir", directory / "data2"}).out);
  for (const auto& change : same["items"]) EXPECT_EQ(change["action"], "unchanged") << change;
}

}  // namespace
}  // namespace rowhook::testing
