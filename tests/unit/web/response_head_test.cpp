#include "web/server/response_head.h"

#include <gtest/gtest.h>

namespace rowhook {
namespace {

TEST(ResponseHead, WritesDates) {
  EXPECT_EQ(date_field(784111777), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
}

TEST(ResponseHead, HasLengthTypeAndSecurityFields) {
  const std::string head = head_behind_date(ApiResponse::json(std::string("{}")).with("ETag", "\"1\""));
  for (const auto* field :
       {"Content-Type: application/json\r\n", "Content-Length: 2\r\n", "ETag: \"1\"\r\n",
        "Cache-Control: no-store\r\n", "X-Content-Type-Options: nosniff\r\n", "frame-ancestors 'none'"})
    EXPECT_NE(head.find(field), std::string::npos) << field;
  EXPECT_EQ(head.find("Access-Control"), std::string::npos);
  EXPECT_EQ(head.find("Strict-Transport"), std::string::npos);
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
  EXPECT_NE(head_behind_date(ApiResponse::empty(), true, true).find("Strict-Transport-Security"),
            std::string::npos);
}

TEST(ResponseHead, NoTextOfAUserAddsAField) {
  const std::string head =
      head_behind_date(ApiResponse::empty().with("Location", "/a\r\nSet-Cookie: x=1\r\n\r\nbody"));
  EXPECT_EQ(head.find("\r\nSet-Cookie"), std::string::npos);
  EXPECT_EQ(head.find("\r\n\r\n"), head.size() - 4);
}

TEST(ResponseHead, StatusLines) {
  std::string line;
  write_status_line(line, 404);
  EXPECT_EQ(line, "HTTP/1.1 404 Not Found\r\n");
}

}  // namespace
}  // namespace rowhook
