#include "engine/capture/source_types.h"

#include <vector>

#include "engine/capture/change_table/sqlite_change_tables.h"
#include "engine/capture/postgres_logical/postgres_source.h"

namespace rowhook {

std::span<const SourceType> source_types() {
  static const std::vector<SourceType> types{postgres_logical, sqlite_change_tables};
  return types;
}

const SourceType* find_source_type(std::string_view database, std::string_view method) {
  for (const SourceType& type : source_types())
    if (type.database == database && type.method == method) return &type;
  return nullptr;
}

}  // namespace rowhook
