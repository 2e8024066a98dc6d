#include "engine/db/sqlstate.h"

#include <gtest/gtest.h>

#include "engine/db/connection.h"

namespace rowhook {
namespace {

constexpr const char* check_failure =
    "ERROR:  23514: new row for relation \"workflow_triggers\" violates check constraint "
    "\"chk_source_format\"\n"
    "DETAIL:  Failing row contains (1, secret).\n"
    "SCHEMA NAME:  public\n"
    "TABLE NAME:  workflow_triggers\n"
    "CONSTRAINT NAME:  chk_source_format\n"
    "LOCATION:  ExecConstraints, execMain.c:2013\n";

TEST(Sqlstate, NamesTheConstraintAndLeavesTheRowOut) {
  const ServerError error = parse_server_error(check_failure);
  EXPECT_EQ(error.sqlstate, "23514");
  EXPECT_EQ(error.constraint, "chk_source_format");
  EXPECT_EQ(error.table, "workflow_triggers");
  EXPECT_EQ(error.message.find("secret"), std::string::npos);
  try {
    throw_server_error(error);
  } catch (const ConstraintError& refused) {
    EXPECT_EQ(refused.kind(), ConstraintError::Kind::check);
    EXPECT_EQ(refused.constraint(), "chk_source_format");
    EXPECT_NE(std::string(refused.what()).find("(SQLSTATE 23514)"), std::string::npos);
  }
}

TEST(Sqlstate, ReadsMessagesInOtherLanguages) {
  const ServerError error =
      parse_server_error("FEHLER:  23502: NULL-Wert in Spalte »name«\nCOLUMN NAME:  name\n");
  EXPECT_EQ(error.sqlstate, "23502");
  EXPECT_EQ(error.message, "NULL-Wert in Spalte »name«");
  EXPECT_EQ(error.column, "name");
}

TEST(Sqlstate, ALabelInsideAMessageIsNoField) {
  EXPECT_EQ(parse_server_error("ERROR:  22023: bad TABLE NAME:  x\n").table, "");
}

TEST(Sqlstate, IsNamedForTheReaction) {
  const auto thrown = [](const char* state) {
    ServerError error;
    error.sqlstate = state;
    error.message = "m";
    try {
      throw_server_error(error);
    } catch (const TransientError&) {
      return "transient";
    } catch (const ConstraintError&) {
      return "constraint";
    } catch (const PermanentError&) {
      return "permanent";
    }
  };
  for (const char* state :
       {"", "08006", "40001", "40P01", "53100", "53300", "55P03", "57014", "57P01", "58030"})
    EXPECT_STREQ(thrown(state), "transient") << state;
  for (const char* state : {"23505", "23503", "23514", "23502", "22001"})
    EXPECT_STREQ(thrown(state), "constraint") << state;
  for (const char* state : {"42601", "42P01", "22P02", "25P02", "28P01", "54000"})
    EXPECT_STREQ(thrown(state), "permanent") << state;
}

}  // namespace
}  // namespace rowhook
