// The demo, as the README tells to run it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/rowhook_process.h"

namespace rowhook::testing {
namespace {

using ::testing::HasSubstr;

void expect_outcome(const RowhookProcess::Output& output) {
  EXPECT_EQ(output.status, 0) << output.out << output.err;
  EXPECT_THAT(output.out, HasSubstr("✅ Processed UPDATE on orders: {'action': 'status_change', 'order_id': 1, "
                                    "'old_status': 'pending', 'new_status': 'paid'}"));
  EXPECT_THAT(output.out, HasSubstr("✅ Processed UPDATE on orders: {'action': 'status_change', 'order_id': 1, "
                                    "'old_status': 'paid', 'new_status': 'shipped'}"));
  EXPECT_THAT(output.out, HasSubstr("✅ Processed UPDATE on inventory: {'action': 'inventory_updated', 'product_id': 1, "
                                    "'old_stock': 100, 'new_stock': 3}"));
  EXPECT_LT(output.out.find("'new_status': 'paid'"), output.out.find("'new_status': 'shipped'"));
}

TEST(Demo, OnceOnSqlite) { expect_outcome(run_rowhook({"demo", "--once"})); }

TEST(Demo, OnceOnPostgres) { expect_outcome(run_rowhook({"demo", "--once", "--postgres"})); }

}  // namespace
}  // namespace rowhook::testing
