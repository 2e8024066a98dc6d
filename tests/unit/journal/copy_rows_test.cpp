#include "engine/journal/copy_rows.h"

#include <gtest/gtest.h>

namespace rowhook::testing {
namespace {

TEST(CopyRows, MatchesTheDocumentedBytes) {
  std::string out;
  CopyRows rows(out);
  rows.row(3);
  rows.integer(-2);
  rows.boolean(true);
  rows.begin();
  out += "ab";
  rows.finish();
  rows.end();
  const unsigned char expected[] = {'P',  'G', 'C', 'O', 'P',  'Y',  '\n', 0xff, '\r', '\n', 0,           //
                                    0,    0,   0,   0,   0,    0,    0,    0,                             //
                                    0,    3,                                                              //
                                    0,    0,   0,   8,   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,  //
                                    0,    0,   0,   1,   1,                                               //
                                    0,    0,   0,   2,   'a',  'b',                                       //
                                    0xff, 0xff};
  EXPECT_EQ(out, std::string(reinterpret_cast<const char*>(expected), sizeof expected));
}

}  // namespace
}  // namespace rowhook::testing
