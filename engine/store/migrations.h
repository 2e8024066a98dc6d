#pragma once

#include <string_view>
#include <vector>

namespace rowhook {

// One step of the schema, from db/migrations/{dialect}/{name}.{up,down}.sql; compiled into the program.
struct Migration {
  int number;             // 1, 2, ...; not every dialect has every number
  std::string_view name;  // "0001_store"
  std::string_view up, down;
};

std::vector<Migration> sqlite_migrations();  // by number
std::vector<Migration> postgres_migrations();

}  // namespace rowhook
