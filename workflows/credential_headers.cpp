#include "workflows/credential_headers.h"

#include <algorithm>
#include <array>
#include <string>

namespace rowhook {

bool carries_credentials(std::string_view header_name) {
  constexpr std::array<std::string_view, 7> parts{"authorization", "cookie",  "token", "secret",
                                                  "password",      "api-key", "apikey"};
  std::string name(header_name);
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return name.find(part) != std::string::npos; });
}

}  // namespace rowhook
