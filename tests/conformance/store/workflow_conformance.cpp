#include "tests/conformance/store/store_fixture.h"

namespace rowhook {
namespace {

ROWHOOK_STORE_SUITE(WorkflowStoreTest);

TEST_P(WorkflowStoreTest, AWorkflowComesBackAsItWas) {
  const Definition saved = workflow();
  EXPECT_EQ(saved.revision, 1);
  const auto read = store().workflow("w");
  ASSERT_TRUE(read);
  EXPECT_EQ(to_json(*read), to_json(saved));
  EXPECT_EQ(read->revision, 1);
  EXPECT_FALSE(store().workflow("nowhere"));
}

TEST_P(WorkflowStoreTest, RevisionsGuardAgainstLostUpdates) {
  Definition saved = workflow();
  saved.name = "Renamed";
  EXPECT_EQ(store().save_workflow(saved, 1).revision, 2);
  EXPECT_THROW(store().save_workflow(saved, 1), Conflict);
  EXPECT_THROW(store().save_workflow(saved, -1), Conflict);  // it must not exist, but does
  EXPECT_EQ(store().workflow("w")->name, "Renamed");
  saved.id = "other";
  EXPECT_THROW(store().save_workflow(saved, 3), NotFound);
  EXPECT_EQ(store().save_workflow(saved, -1).revision, 1);
  EXPECT_THROW(store().delete_workflow("w", 1, 0), Conflict);
  EXPECT_THROW(store().delete_workflow("nowhere", 0, 0), NotFound);
}

TEST_P(WorkflowStoreTest, DeletingAWorkflowDeletesItsTriggersAndEndsTheirRevisions) {
  const Trigger made = trigger("On paid", 4);
  store().delete_workflow("w", 0, 9);
  EXPECT_FALSE(store().workflow("w"));
  EXPECT_FALSE(store().trigger(made.id));
  EXPECT_EQ(store().trigger_revisions(0).at(0).until_seq, 10U);
  EXPECT_FALSE(store().adopt_foreign_changes(9));
}

TEST_P(WorkflowStoreTest, WhatTheSchemaRefusesNamesTheMember) {
  Definition wrong;
  wrong.name = "x";
  EXPECT_EQ(problems_of([&] { store().save_workflow(wrong, 0); }).at(0).pointer, "/id");
  wrong.id = std::string(256, 'w');
  EXPECT_EQ(problems_of([&] { store().save_workflow(wrong, 0); }).at(0).pointer, "/id");
  wrong.id = "w";
  wrong.name = std::string(256, 'n');
  EXPECT_EQ(problems_of([&] { store().save_workflow(wrong, 0); }).at(0).pointer, "/name");
}

TEST_P(WorkflowStoreTest, ListsNewestFirst) {
  for (const char* id : {"b", "a", "d", "c"}) {
    workflow(id);
    clock_.advance(std::chrono::seconds{1});
  }
  const auto first = store().workflows({.limit = 2});
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].id, "c");
  EXPECT_EQ(first[1].id, "d");
  const auto second = store().workflows({.limit = 2, .after = cursor_of(first[1])});
  ASSERT_EQ(second.size(), 2U);
  EXPECT_EQ(second[1].id, "b");
  EXPECT_EQ(store().workflows({.skip = 3}).at(0).id, "b");
  EXPECT_EQ(store().count_workflows(), 4U);
  EXPECT_EQ(problems_of([&] { store().workflows({.after = "gone"}); }).at(0).pointer, "/cursor");
}

TEST_P(WorkflowStoreTest, AWorkflowOfAnotherProgramIsListedEvenIfItIsEmpty) {
  store();
  other_program()->query("INSERT INTO workflows (id) VALUES ('foreign')");
  const auto read = store().workflow("foreign");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, "foreign");
  EXPECT_TRUE(read->nodes.empty());
  EXPECT_TRUE(read->is_active);
  EXPECT_EQ(store().workflows({}).size(), 1U);
}

TEST_P(WorkflowStoreTest, ScriptsKeepTheirVersions) {
  EXPECT_EQ(store().save_script("big", "return new.total > 100", 0, "anna").revision, 1);
  clock_.advance(std::chrono::seconds{1});
  EXPECT_EQ(store().save_script("big", "return new.total > 200", 1, "bob").revision, 2);
  EXPECT_THROW(store().save_script("big", "return false", 1, "anna"), Conflict);
  EXPECT_THROW(store().save_script("big", "return false", -1, "anna"), Conflict);
  EXPECT_THROW(store().save_script("none", "return false", 1, "anna"), NotFound);
  const auto script = store().script("big");
  ASSERT_TRUE(script);
  EXPECT_EQ(script->text, "return new.total > 200");
  EXPECT_EQ(script->updated_by, "bob");
  EXPECT_EQ(script->updated_at - script->created_at, 1'000'000);
  store().delete_script("big");
  EXPECT_FALSE(store().script("big"));
  EXPECT_THROW(store().delete_script("big"), NotFound);
  EXPECT_EQ(store().save_script("big", "return true", 0, "anna").revision, 3);
  const auto versions = store().script_versions("big");
  ASSERT_EQ(versions.size(), 3U);
  EXPECT_EQ(versions[0].text, "return true");
  EXPECT_EQ(versions[2].text, "return new.total > 100");
}

TEST_P(WorkflowStoreTest, ScriptsHaveTheTextTheyHadForAnEvent) {
  store().save_script("big", "first", 0, "anna", 10);
  store().save_script("big", "second", 1, "bob", 20);
  store().save_script("big", "third", 2, "bob", 20);
  store().delete_script("big", 30);
  store().save_script("big", "first", 0, "anna", 40, 1);
  EXPECT_EQ(store().script_text_at("big", 10), std::nullopt);
  EXPECT_EQ(store().script_text_at("big", 11), "first");
  EXPECT_EQ(store().script_text_at("big", 20), "first");
  EXPECT_EQ(store().script_text_at("big", 21), "third") << "the one between was never in force";
  EXPECT_EQ(store().script_text_at("big", 30), "third");
  EXPECT_EQ(store().script_text_at("big", 31), std::nullopt) << "it was deleted then";
  EXPECT_EQ(store().script_text_at("big", 40), std::nullopt);
  EXPECT_EQ(store().script_text_at("big", 41), "first");
  EXPECT_EQ(store().script_text_at("big", UINT64_MAX), "first");
  EXPECT_EQ(store().script_text_at("other", 41), std::nullopt);
  const auto versions = store().script_versions("big");
  ASSERT_EQ(versions.size(), 4U);
  EXPECT_EQ(versions[0].restored_from, 1);
  EXPECT_EQ(versions[0].until_seq, UINT64_MAX);
  EXPECT_EQ(versions[1].until_seq, 31U);
  EXPECT_EQ(versions[2].from_seq, versions[2].until_seq);
}

TEST_P(WorkflowStoreTest, ScriptsAreListedNewestFirstAndTheirNamesChecked) {
  for (const char* name : {"one", "two", "three"}) {
    store().save_script(name, "return true", 0, "me");
    clock_.advance(std::chrono::seconds{1});
  }
  const auto first = store().scripts({.limit = 1});
  EXPECT_EQ(first.at(0).name, "three");
  EXPECT_EQ(store().scripts({.after = cursor_of(first[0])}).size(), 2U);
  EXPECT_EQ(store().count_scripts(), 3U);
  EXPECT_EQ(problems_of([&] { store().save_script("", "x", 0, "me"); }).at(0).pointer, "/name");
  EXPECT_EQ(problems_of([&] { store().save_script(std::string(256, 's'), "x", 0, "me"); }).at(0).pointer,
            "/name");
}

}  // namespace
}  // namespace rowhook
