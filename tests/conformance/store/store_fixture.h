// What every store promises, over SQLite and PostgreSQL.
#pragma once

#include <gtest/gtest.h>

#include "engine/db/connection.h"
#include "engine/store/store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

// Filters are written with the members that matter only.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

namespace rowhook {

class StoreTest : public ::testing::TestWithParam<Dialect> {
 protected:
  void SetUp() override;
  bool sqlite() const { return GetParam() == Dialect::sqlite; }
  // The store on a database of its own; made and migrated at the first call.
  Store& store();
  void reopen() { store_.reset(); }
  // A session of "some other program" with the same database.
  std::unique_ptr<Connection> other_program() const;

  Definition workflow(const std::string& id = "w");          // saved
  Trigger draft(const std::string& name = "On paid") const;  // for workflow "w"
  Trigger trigger(const std::string& name = "On paid",
                  std::uint64_t head_seq = 0);                                // saved, with its workflow
  Execution execution(std::uint64_t seq, std::int64_t trigger_id = 1) const;  // completed

  testing::TempDir directory_;
  std::string where_ = "sqlite";
  testing::FakeClock clock_;

 private:
  std::unique_ptr<Store> store_;
};

// The problems of the InvalidInput that `call` throws.
template <typename Call>
std::vector<Problem> problems_of(Call call) {
  try {
    call();
  } catch (const InvalidInput& error) {
    return error.problems();
  }
  ADD_FAILURE() << "was accepted";
  return {Problem{}};
}

#define ROWHOOK_STORE_SUITE(name)                                        \
  using name = StoreTest;                                                \
  INSTANTIATE_TEST_SUITE_P(                                              \
      Both, name, ::testing::Values(Dialect::sqlite, Dialect::postgres), \
      [](const auto& instance) { return instance.param == Dialect::sqlite ? "sqlite" : "postgres"; })

}  // namespace rowhook
