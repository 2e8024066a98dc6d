// The bytes of an HTTP/1.1 response's head.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "web/server/api.h"

namespace rowhook {

// "HTTP/1.1 200 OK\r\n".
void write_status_line(std::string& out, int status);
// "Date: Tue, 05 Aug 2025 10:00:00 GMT\r\n".
std::string date_field(std::time_t now);
// Content-Type, Content-Length, the security fields, the response's own fields and the empty line. Names and
// values of the response are ours; line breaks in a value are dropped so that no text of a user can add a
// field.
std::string head_behind_date(const ApiResponse& response, bool close = false, bool encrypted = false);

// Whether If-None-Match says that the client has this answer already.
bool is_fresh(const ApiRequest& request, const ApiResponse& response);

}  // namespace rowhook
