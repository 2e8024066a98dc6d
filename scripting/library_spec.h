// What authors can call, declared once: the sandbox, the reference page and the completion of editors follow
// it.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace rowhook {

struct LibraryEntry {
  std::string_view name;       // "text.trim", "copy", "new"
  std::string_view signature;  // "text.trim(text) -> string"; for values, what they are
  std::string_view doc;        // one or two sentences
};

// Everything a script can name, in the order of the reference page. Immutable.
std::span<const LibraryEntry> script_library();

// The reference as Markdown: one table per library.
std::string script_library_markdown();

}  // namespace rowhook
