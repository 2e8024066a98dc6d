// What authors can call, declared once. The sandbox takes its names from here, and so do the check of a
// script before it runs, the reference page, the files for editors (library_files.h) and the page's
// completion.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace rowhook {

struct LibraryEntry {
  std::string_view name;     // "text.trim", "copy", "new"
  const char* parameters;    // as LuaLS writes them: "text: string, pattern?: string"; null: a value
  std::string_view returns;  // a LuaLS type, "" for nothing; of a value, its type
  std::string_view doc;      // one or two sentences

  std::string_view library() const;  // "text"; "" for what stands alone
  std::string_view member() const;   // "trim"; the name of what stands alone
  bool is_function() const { return parameters != nullptr; }
  // As the reference shows it: "text.trim(text) -> string"; for a value, its type.
  std::string form() const;
};

// Everything a script can name, in the order of the reference page. Immutable.
std::span<const LibraryEntry> script_library();
// Null when nothing has that name. `library` alone ("text") finds nothing: see is_library().
const LibraryEntry* find_library_entry(std::string_view name);
bool is_library(std::string_view name);
// Lua's names that scripts may not have, and that deserve another answer than "nothing is named so".
bool is_refused_name(std::string_view name);

}  // namespace rowhook
