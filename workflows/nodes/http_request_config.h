// The settings of http_request: their declaration and checks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "workflows/nodes/nodes.h"

namespace rowhook {

Spec http_request_spec();
void validate_http_request(const nlohmann::json& config, NodeServices& services,
                           std::vector<Problem>& problems);

// `secret`, one text or a list of up to two, as a list.
std::vector<std::string> webhook_secrets(const nlohmann::json& config);
// Whether two header names are the same; `lower_case` is.
bool is_header(std::string_view name, std::string_view lower_case);
// Throws PermanentError when values made a URL of it that no server should be asked for.
void check_url_text(const std::string& url);

}  // namespace rowhook
