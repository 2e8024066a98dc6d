#include "engine/capture/source_types.h"

#include <vector>

namespace rowhook {

std::span<const SourceType> source_types() {
  static const std::vector<SourceType> types{};
  return types;
}

const SourceType* find_source_type(std::string_view database, std::string_view method) {
  for (const SourceType& type : source_types())
    if (type.database == database && type.method == method) return &type;
  return nullptr;
}

}  // namespace rowhook
