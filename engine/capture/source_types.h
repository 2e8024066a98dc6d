// The list of all capture methods. A new one is a folder beside postgres_logical/ and a line in
// source_types.cpp.
#pragma once

#include <span>
#include <string_view>

#include "engine/capture/source.h"

namespace rowhook {

std::span<const SourceType> source_types();

// nullptr when there is no such method for that kind of database, e.g. ("postgresql", "log_based").
const SourceType* find_source_type(std::string_view database, std::string_view method);

}  // namespace rowhook
