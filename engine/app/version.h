#pragma once

namespace rowhook {

// "0.1.0"
const char* version_text();

}  // namespace rowhook
