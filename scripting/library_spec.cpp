#include "scripting/library_spec.h"

#include <array>

namespace rowhook {
namespace {

constexpr LibraryEntry entries[] = {
    {"new", "row or nil", "The row after the change; nil for a delete. Columns by name: `new.status`."},
    {"old", "row or nil", "The row before the change; nil for an insert."},
    {"changed", "set", "`changed.status` is true where an update changed the column."},
    {"event", "object",
     "The event with the members of docs/events.md: `event.table`, `event.metadata.position`."},
    {"item", "value or nil", "In a node of a workflow: what arrived at it."},
    {"null", "value", "Writes JSON null: `{ note = null }`. SQL NULL reads as nil."},
    {"copy", "copy(value) -> table",
     "A table of its own that may be changed; what stays unchanged is written as it came."},
    {"array", "array(...) -> table",
     "Marks a table, or its arguments, as an array: `array()` is written `[]`."},
    {"exact", "exact(text) -> number", "A number with every digit: `exact('0.1000000000000000000001')`."},
    {"require", "require(name) -> value",
     "Runs a script of the store and gives what it returns; the name must be a literal."},

    {"json.encode", "json.encode(value) -> string", "JSON text with every digit of exact values."},
    {"json.decode", "json.decode(text) -> value", "Reads JSON into tables that may be changed."},

    {"log.debug", "log.debug(...)",
     "Adds a line to the log of the execution; tables and rows are written as JSON."},
    {"log.info", "log.info(...)", "As log.debug, level info."},
    {"log.warning", "log.warning(...)", "As log.debug, level warning."},
    {"log.error", "log.error(...)", "As log.debug, level error. Does not end the script: error() does."},
    {"print", "print(...)", "As log.info."},

    {"text.trim", "text.trim(text) -> string", "Without white space at both ends."},
    {"text.split", "text.split(text, separator) -> array",
     "The parts between plain separators; always at least one."},
    {"text.join", "text.join(list, separator) -> string", "The elements with the separator between them."},
    {"text.starts_with", "text.starts_with(text, prefix) -> boolean", "Plain comparison, no pattern."},
    {"text.ends_with", "text.ends_with(text, suffix) -> boolean", "Plain comparison, no pattern."},
    {"text.contains", "text.contains(text, part) -> boolean", "Plain search, no pattern."},
    {"text.replace", "text.replace(text, from, to) -> string", "Every occurrence, plain, no pattern."},
    {"text.length", "text.length(text) -> number", "Characters (code points), where #text counts bytes."},
    {"text.truncate", "text.truncate(text, length) -> string",
     "At most that many characters; never half of one."},

    {"time.now", "time.now() -> string",
     "When the event was captured: the same on every replay and back-test."},
    {"time.parse", "time.parse(time) -> number",
     "Seconds since 1970-01-01 UTC. A time without a zone is UTC."},
    {"time.format", "time.format(time [, pattern]) -> string",
     "RFC 3339 in UTC, or by a pattern of %Y %m %d %H %M %S %f %j %a %b %%."},
    {"time.add", "time.add(time, duration) -> string", "A duration is seconds or text: `'15m'`, `'-7d'`."},
    {"time.diff", "time.diff(a, b) -> number", "Seconds from b to a: positive when a is later."},
    {"time.parts", "time.parts(time) -> table",
     "year, month, day, hour, minute, second, weekday (1 is Monday), yearday."},

    {"hash.sha256", "hash.sha256(text) -> string", "Lower-case hexadecimal."},
    {"hash.sha512", "hash.sha512(text) -> string", "Lower-case hexadecimal."},
    {"hash.sha1", "hash.sha1(text) -> string", "For systems that ask for it; not for security."},
    {"hash.md5", "hash.md5(text) -> string", "For systems that ask for it; not for security."},
    {"hash.hmac_sha256", "hash.hmac_sha256(key, text) -> string", "Lower-case hexadecimal."},
    {"hash.base64_encode", "hash.base64_encode(bytes) -> string", "Standard alphabet, padded."},
    {"hash.base64_decode", "hash.base64_decode(text) -> string or nil", "nil when the text is no base64."},

    {"assert", "assert(value [, message]) -> value", "Lua's own."},
    {"error", "error(message [, level])", "Ends the script with an error; it never counts as false."},
    {"getmetatable", "getmetatable(table) -> table", "Lua's own; what belongs to the sandbox gives false."},
    {"ipairs", "ipairs(list)", "Lua's own, also for arrays of rows."},
    {"next", "next(table [, key]) -> key, value", "Lua's own; for read-only values the first member only."},
    {"pairs", "pairs(table)", "Lua's own, also for rows, `changed` and nested JSON, in the order they came."},
    {"pcall", "pcall(f, ...) -> boolean, ...", "Lua's own; a time limit passes through it."},
    {"rawequal", "rawequal(a, b) -> boolean", "Lua's own."},
    {"rawget", "rawget(table, key) -> value", "Lua's own."},
    {"rawset", "rawset(table, key, value) -> table", "Lua's own."},
    {"select", "select(n, ...)", "Lua's own."},
    {"setmetatable", "setmetatable(table, meta) -> table", "Lua's own."},
    {"tonumber", "tonumber(value [, base]) -> number or nil",
     "The nearest Lua number of an exact value; text keeps every digit."},
    {"tostring", "tostring(value) -> string", "All digits of a whole number; rows and nested JSON as JSON."},
    {"type", "type(value) -> string",
     "\"number\" for exact values, \"table\" for rows and nested JSON, \"null\" for null."},
    {"unpack", "unpack(list [, i [, j]]) -> ...", "Lua's own."},
    {"xpcall", "xpcall(f, handler, ...) -> boolean, ...", "The handler runs after the stack is unwound."},

    {"string", "byte char find format gmatch gsub len lower match rep reverse sub upper", "Lua's own."},
    {"table", "concat insert maxn move remove sort unpack",
     "Lua's own; concat and unpack read arrays of rows, too."},
    {"math",
     "abs acos asin atan atan2 ceil cos cosh deg exp floor fmod frexp huge ldexp log log10 max min modf pi "
     "pow rad "
     "random sin sinh sqrt tan tanh",
     "Lua's own; random() gives the same numbers on every replay of an event."},
    {"bit", "arshift band bnot bor bswap bxor lshift rol ror rshift tobit tohex", "LuaJIT's own, 32 bits."},
};

}  // namespace

std::span<const LibraryEntry> script_library() { return entries; }

std::string script_library_markdown() {
  std::string out;
  std::string_view open = "?";
  for (const auto& entry : entries) {
    const std::size_t dot = entry.name.find('.');
    const std::string_view library =
        dot == std::string_view::npos ? std::string_view{} : entry.name.substr(0, dot);
    if (library != open) {
      if (!out.empty()) out += '\n';
      if (!library.empty()) out.append("### ").append(library).append("\n\n");
      out += "| name | form | meaning |\n|---|---|---|\n";
      open = library;
    }
    out.append("| `").append(entry.name).append("` | `").append(entry.signature).append("` | ");
    out.append(entry.doc).append(" |\n");
  }
  return out;
}

}  // namespace rowhook
