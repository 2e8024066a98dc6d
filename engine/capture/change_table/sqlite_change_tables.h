#pragma once

#include "engine/capture/source.h"

namespace rowhook {

// The capture method ("sqlite", "triggers"): change tables in the user's file. docs/sqlite.md.
extern const SourceType sqlite_change_tables;

}  // namespace rowhook
