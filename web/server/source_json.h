#pragma once

#include <string>

namespace rowhook {

struct SourceState;

// Appends {"name","state","reason","remedy","position","lag_seconds","lag_bytes"}.
void write_source(std::string& out, const SourceState& source);

}  // namespace rowhook
