#include "tests/conformance/store/store_fixture.h"

namespace rowhook {
namespace {

ROWHOOK_STORE_SUITE(TriggerStoreTest);

TEST_P(TriggerStoreTest, ATriggerComesBackAsItWas) {
  const Trigger made = trigger();
  EXPECT_GT(made.id, 0);
  EXPECT_EQ(made.revision, 1);
  EXPECT_EQ(made.from_seq, 1U);
  EXPECT_EQ(made.created_at, clock_.now());
  const auto read = store().trigger(made.id);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, "On paid");
  EXPECT_EQ(read->source, "main-postgres");
  EXPECT_EQ(read->config, made.config);
  EXPECT_EQ(read->config["secret"], "whsec_abc");
  EXPECT_FALSE(read->target_node_id);
  EXPECT_TRUE(read->is_active);
  EXPECT_EQ(read->updated_at, clock_.now());
  EXPECT_FALSE(store().trigger(made.id + 1));
}

TEST_P(TriggerStoreTest, RevisionsFollowTheJournal) {
  Trigger made = trigger("On paid", 10);
  made.target_node_id = "out";
  clock_.advance(std::chrono::seconds{1});
  const Trigger changed = store().update_trigger(made, 1, 20);
  EXPECT_EQ(changed.revision, 2);
  EXPECT_EQ(changed.from_seq, 21U);
  EXPECT_EQ(changed.target_node_id, "out");
  EXPECT_EQ(changed.created_at + 1'000'000, changed.updated_at);
  store().delete_trigger(made.id, 2, 30);
  EXPECT_FALSE(store().trigger(made.id));

  const auto all = store().trigger_revisions(0);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].id, made.id);
  EXPECT_EQ(all[0].revision, 1);
  EXPECT_EQ(all[0].from_seq, 11U);
  EXPECT_EQ(all[0].until_seq, 21U);
  EXPECT_FALSE(all[0].target_node_id);
  EXPECT_EQ(all[1].from_seq, 21U);
  EXPECT_EQ(all[1].until_seq, 31U);
  EXPECT_EQ(all[1].config["where"], "status = 'paid'");
  EXPECT_EQ(store().trigger_revisions(21).size(), 1U);  // the first one holds for nothing from 21 on
  EXPECT_TRUE(store().trigger_revisions(31).empty());
}

TEST_P(TriggerStoreTest, AnotherRevisionIsAConflict) {
  const Trigger made = trigger();
  store().update_trigger(made, 1, 0);
  EXPECT_THROW(store().update_trigger(made, 1, 0), Conflict);
  EXPECT_THROW(store().delete_trigger(made.id, 1, 0), Conflict);
  EXPECT_EQ(store().trigger(made.id)->revision, 2);
  store().update_trigger(made, 0, 0);
  Trigger none = made;
  none.id = 999;
  EXPECT_THROW(store().update_trigger(none, 0, 0), NotFound);
  EXPECT_THROW(store().delete_trigger(999, 0, 0), NotFound);
}

TEST_P(TriggerStoreTest, WhatTheSchemaRefusesNamesTheColumnAndTheRemedy) {
  workflow();
  const auto refused = [&](auto change) {
    Trigger wrong = draft();
    change(wrong);
    return problems_of([&] { store().create_trigger(wrong, 0); }).at(0);
  };
  const Problem source = refused([](Trigger& t) { t.source = "Main_DB"; });
  EXPECT_EQ(source.pointer, "/source");
  EXPECT_NE(source.detail.find("'Main_DB'"), std::string::npos);
  EXPECT_NE(source.detail.find("lower case letters, digits and hyphens"), std::string::npos);
  EXPECT_EQ(refused([](Trigger& t) { t.event_type = "Paid"; }).pointer, "/event_type");
  EXPECT_EQ(refused([](Trigger& t) { t.name = " ab "; }).pointer, "/name");
  EXPECT_EQ(refused([](Trigger& t) { t.name = ""; }).pointer, "/name");
  EXPECT_EQ(refused([](Trigger& t) { t.name = std::string(256, 'a'); }).pointer, "/name");
  EXPECT_EQ(refused([](Trigger& t) { t.workflow_id = " "; }).pointer, "/workflow_id");
  const Problem workflow_id = refused([](Trigger& t) { t.workflow_id = "nowhere"; });
  EXPECT_EQ(workflow_id.pointer, "/workflow_id");
  EXPECT_NE(workflow_id.detail.find("no workflow 'nowhere'"), std::string::npos);
  EXPECT_EQ(refused([](Trigger& t) { t.config = nlohmann::json::array(); }).pointer, "/config");
  EXPECT_EQ(refused([](Trigger& t) { t.target_node_id = std::string(300, 'n'); }).pointer, "/target_node_id");
  EXPECT_EQ(refused([](Trigger& t) { t.description = std::string("a\0b", 3); }).pointer, "/description");
  EXPECT_EQ(refused([](Trigger& t) {
              t.config["tables"] = {"a", std::string("a\0b", 3)};
            }).pointer,
            "/config/tables/1");
  EXPECT_EQ(store().count_triggers({}), 0U);
  const Trigger made = store().create_trigger(draft(), 0);
  Trigger wrong = made;
  wrong.source = "x";
  EXPECT_EQ(problems_of([&] { store().update_trigger(wrong, 0, 0); }).at(0).pointer, "/source");
  EXPECT_EQ(store().trigger(made.id)->revision, 1);
}

TEST_P(TriggerStoreTest, AConfigTooLargeForTheCoveringIndexSaysWhatToDo) {
  workflow();
  Trigger large = draft();
  std::string noise;
  for (unsigned i = 0, x = 1; i < 6000; ++i)
    noise += static_cast<char>('!' + (x = x * 1103515245 + 12345) / 65536 % 90);
  large.config = {{"filter", noise}};
  if (sqlite()) {  // has no INCLUDE, and so no such limit
    EXPECT_EQ(store().create_trigger(large, 0).config, large.config);
    return;
  }
  const Problem problem = problems_of([&] { store().create_trigger(large, 0); }).at(0);
  EXPECT_EQ(problem.pointer, "/config");
  EXPECT_NE(problem.detail.find("filter_script"), std::string::npos);
}

TEST_P(TriggerStoreTest, ListsNewestFirstWithFiltersAndStableCursors) {
  std::vector<Trigger> made;
  for (int i = 0; i < 7; ++i) made.push_back(trigger("Trigger " + std::to_string(i)));
  Trigger off = made[2];
  off.is_active = false;
  store().update_trigger(off, 0, 0);
  const auto ids = [](const std::vector<Trigger>& list) {
    std::vector<std::int64_t> result;
    for (const auto& one : list) result.push_back(one.id);
    return result;
  };
  const auto page = store().triggers({}, {.limit = 3});
  EXPECT_EQ(ids(page), (std::vector{made[6].id, made[5].id, made[4].id}));
  trigger("Another one");  // does not shift what comes behind the cursor
  EXPECT_EQ(ids(store().triggers({}, {.limit = 3, .after = cursor_of(page.back())})),
            (std::vector{made[3].id, made[2].id, made[1].id}));
  EXPECT_EQ(ids(store().triggers({}, {.skip = 1, .limit = 1})), (std::vector{made[6].id}));
  EXPECT_EQ(store().count_triggers({}), 8U);
  EXPECT_EQ(store().count_triggers({.is_active = false}), 1U);
  EXPECT_EQ(ids(store().triggers({.is_active = false}, {})), (std::vector{made[2].id}));
  EXPECT_EQ(store().count_triggers({.name = "trigger"}), 7U);
  EXPECT_EQ(
      store().count_triggers({.source = "main-postgres", .event_type = "record_updated", .workflow_id = "w"}),
      8U);
  EXPECT_EQ(store().count_triggers({.source = "other"}), 0U);
}

TEST_P(TriggerStoreTest, ChangesByOtherProgramsAreAdopted) {
  const Trigger kept = trigger("Kept one"), changed = trigger("Changed one"), gone = trigger("Gone one");
  EXPECT_FALSE(store().adopt_foreign_changes(5));
  auto psql = other_program();
  psql->query("UPDATE workflow_triggers SET is_active = false, updated_at = CURRENT_TIMESTAMP WHERE id = $1",
              {changed.id});
  psql->query("DELETE FROM workflow_triggers WHERE id = $1", {gone.id});
  psql->query(
      "INSERT INTO workflow_triggers (name, workflow_id, source, event_type) "
      "VALUES ('Foreign one', 'w', 'shop', 'record_inserted')");
  EXPECT_EQ(store().triggers({.name = "Foreign"}, {}).at(0).revision, 1);
  EXPECT_TRUE(store().adopt_foreign_changes(9));
  EXPECT_FALSE(store().adopt_foreign_changes(12));

  std::map<std::string, std::vector<Trigger>> by_name;
  for (const Trigger& revision : store().trigger_revisions(0)) by_name[revision.name].push_back(revision);
  EXPECT_EQ(by_name["Kept one"].size(), 1U);
  EXPECT_EQ(by_name["Kept one"][0].id, kept.id);
  ASSERT_EQ(by_name["Changed one"].size(), 2U);
  EXPECT_EQ(by_name["Changed one"][0].until_seq, 10U);
  EXPECT_EQ(by_name["Changed one"][1].from_seq, 10U);
  EXPECT_FALSE(by_name["Changed one"][1].is_active);
  ASSERT_EQ(by_name["Gone one"].size(), 1U);
  EXPECT_EQ(by_name["Gone one"][0].until_seq, 10U);
  ASSERT_EQ(by_name["Foreign one"].size(), 1U);
  EXPECT_EQ(by_name["Foreign one"][0].from_seq, 10U);
  EXPECT_TRUE(by_name["Foreign one"][0].is_active);  // the column's default
  EXPECT_TRUE(by_name["Foreign one"][0].config.is_object());
  EXPECT_EQ(store().trigger(changed.id)->revision, 2);
}

TEST_P(TriggerStoreTest, TheMarkerSeesEveryWriterAndStandsStillOtherwise) {
  workflow();
  std::set<std::uint64_t> seen{store().change_marker()};
  const auto moved = [&] { return seen.insert(store().change_marker()).second; };
  EXPECT_FALSE(moved());
  const Trigger made = trigger();
  EXPECT_TRUE(moved());
  store().executions().write({execution(1)}, 1);
  EXPECT_FALSE(moved());  // executions do not count
  store().save_script("a", "return true", 0, "me");
  EXPECT_TRUE(moved());
  auto psql = other_program();
  psql->query("UPDATE workflow_triggers SET name = 'Other name'");
  EXPECT_TRUE(moved());
  psql->begin();
  psql->query("UPDATE workflows SET is_active = false");
  if (!sqlite()) {
    store().save_script("b", "return true", 0, "me");  // nobody waits for the open transaction
    EXPECT_TRUE(moved());
  }
  EXPECT_FALSE(moved());
  psql->commit();
  EXPECT_TRUE(moved());
  for (int i = 0; i < 150; ++i) psql->query("UPDATE scripts SET text = text");
  EXPECT_TRUE(moved());
  store().sweep(0, 10);
  moved();
  store().delete_workflow("w", 0, 1);
  EXPECT_TRUE(moved());
}

TEST_P(TriggerStoreTest, NullColumnsOfOtherProgramsAreRead) {
  const Trigger made = trigger();
  other_program()->query(
      "UPDATE workflow_triggers SET config = NULL, is_active = NULL, created_at = NULL, updated_at = NULL");
  const auto read = store().trigger(made.id);
  EXPECT_EQ(read->config, nlohmann::json::object());
  EXPECT_FALSE(read->is_active);
  EXPECT_EQ(read->created_at, 0);
  EXPECT_EQ(store().count_triggers({.is_active = false}), 1U);
}

TEST_P(TriggerStoreTest, MetricsAreTheViews) {
  Trigger made = trigger();
  trigger("Another one");
  made.target_node_id = "out";
  store().update_trigger(made, 0, 0);
  EXPECT_EQ(store().trigger_metrics(),
            nlohmann::json::parse(R"([{"hour":"2025-08-05T10:00:00.000000Z","source":"main-postgres",
    "event_type":"record_updated","trigger_count":2,"active_count":2,"node_targeting_ratio":0.5}])"));
  EXPECT_EQ(store().node_targeting_stats(), nlohmann::json::parse(R"([
    {"routing_type":"auto_detected","count":1,"percentage":50.0},{"routing_type":"targeted","count":1,"percentage":50.0}])"));
}

TEST_P(TriggerStoreTest, ManyWritersAtOnceLoseNothing) {
  workflow();
  std::vector<std::thread> writers;
  for (int t = 0; t < 4; ++t)
    writers.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        const Trigger made = store().create_trigger(draft("Trigger " + std::to_string(t * 10 + i)), 0);
        store().update_trigger(made, made.revision, 0);
        store().executions().write({execution(static_cast<std::uint64_t>(t * 10 + i))}, 0);
      }
    });
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(store().count_triggers({}), 40U);
  EXPECT_EQ(store().executions().count({}), 40U);
  EXPECT_FALSE(store().adopt_foreign_changes(0));
}

}  // namespace
}  // namespace rowhook
