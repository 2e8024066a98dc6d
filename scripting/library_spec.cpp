#include "scripting/library_spec.h"

#include <algorithm>
#include <array>

namespace rowhook {
namespace {

constexpr const char* value = nullptr;  // in the place of parameters

constexpr LibraryEntry entries[] = {
    {"new", value, "rowhook.row?",
     "The row after the change; nil for a delete. Columns by name: `new.status`."},
    {"old", value, "rowhook.row?", "The row before the change; nil for an insert."},
    {"changed", value, "table<string, boolean>",
     "`changed.status` is true where an update changed the column."},
    {"event", value, "rowhook.event", "The event; its members stand below."},
    {"item", value, "any", "In a node of a workflow: what arrived at it; nil in triggers."},
    {"null", value, "rowhook.null", "Writes JSON null: `{ note = null }`. SQL NULL reads as nil."},
    {"copy", "value: any", "table",
     "A table of its own that may be changed; what stays unchanged is written as it came."},
    {"array", "...: any", "table",
     "Marks a table, or its arguments, as an array: `array()` is written `[]`."},
    {"exact", "text: string|number", "number",
     "A number with every digit: `exact('0.1000000000000000000001')`."},
    {"require", "name: string", "any",
     "Runs a script of the store and gives what it returns; the name must be a literal."},

    {"event.event_id", value, "string", "Equal on every redelivery, different for different changes."},
    {"event.trigger_id", value, "string", "The same under its older name."},
    {"event.seq", value, "number", "Place in the journal."},
    {"event.source", value, "string", "The source the event came from."},
    {"event.event_type", value, "string", "`record_updated`, `record_inserted`, `record_deleted`, ..."},
    {"event.database", value, "string?", "The database's name."},
    {"event.schema", value, "string?", "The table's schema."},
    {"event.table", value, "string?", "The table."},
    {"event.record_id", value, "any", "The key's value; a table for a key of several columns."},
    {"event.old_values", value, "rowhook.row?", "The same as `old`."},
    {"event.new_values", value, "rowhook.row?", "The same as `new`."},
    {"event.changed_fields", value, "string[]?", "Names of the changed columns; nil when that is unknown."},
    {"event.timestamp", value, "string", "When the change was made: RFC 3339, UTC, microseconds."},
    {"event.user", value, "string?", "Who made the change, where the capture method sees it."},
    {"event.metadata", value, "table",
     "connection, method, position, transaction_id, tags, ... (docs/events.md)."},
    {"event.data", value, "any", "Of posted events: what was posted."},
    {"event.change_type", value, "string?", "Of `schema_changed`: CREATE, ALTER or DROP."},
    {"event.object_type", value, "string?", "Of `schema_changed`: TABLE, INDEX or COLUMN."},
    {"event.object_name", value, "string?", "Of `schema_changed`."},
    {"event.ddl_statement", value, "string?", "Of `schema_changed`, where the method can see it."},
    {"event.error_id", value, "string?", "Of `database_error`."},
    {"event.error_type", value, "string?", "Of `database_error`."},
    {"event.error_message", value, "string?", "Of `database_error`."},
    {"event.error_at", value, "string?", "Of `database_error`."},
    {"event.retry_count", value, "number?", "Of `database_error`."},
    {"event.context", value, "any", "Of `database_error`."},
    {"event.from", value, "any", "Of `capture_gap`: where what may be missing begins."},
    {"event.to", value, "any", "Of `capture_gap`: where it ends."},
    {"event.reason", value, "string?", "Of `capture_gap`."},
    {"event.remedy", value, "string?", "Of `capture_gap`: what to do."},
    {"event.specversion", value, "string?", "Of CloudEvents."},
    {"event.subject", value, "string?", "Of CloudEvents."},
    {"event.dataschema", value, "string?", "Of CloudEvents."},
    {"event.additional_data", value, "any", "Of posted events."},
    {"event.user_id", value, "any", "Of posted events."},
    {"event.retry_after", "seconds: number, reason?: string", "",
     "Ends the script; its execution is tried again after so many seconds, which counts as a retry."},
    {"event.reject", "reason: string", "",
     "Ends the script; its execution becomes a dead letter at once, with that reason."},

    {"json.encode", "value: any", "string", "JSON text with every digit of exact values."},
    {"json.decode", "text: string", "any", "Reads JSON into tables that may be changed."},

    {"log.debug", "...: any", "",
     "Adds a line to the log of the execution; tables and rows are written as JSON."},
    {"log.info", "...: any", "", "As log.debug, level info."},
    {"log.warning", "...: any", "", "As log.debug, level warning."},
    {"log.error", "...: any", "", "As log.debug, level error. Does not end the script: error() does."},

    {"kv.get", "key: string", "any", "What is kept under the key, nil if nothing is."},
    {"kv.set", "key: string, value: any", "", "Keeps a value; nil removes it."},
    {"kv.add", "key: string, amount?: number", "number",
     "Counts: adds 1 or the amount and gives the sum. Executions side by side lose no count."},
    {"kv.delete", "key: string", "", "Removes what is kept under the key."},

    {"text.trim", "text: string", "string", "Without white space at both ends."},
    {"text.split", "text: string, separator: string", "string[]",
     "The parts between plain separators; always at least one."},
    {"text.join", "list: any[], separator: string", "string",
     "The elements with the separator between them."},
    {"text.starts_with", "text: string, prefix: string", "boolean", "Plain comparison, no pattern."},
    {"text.ends_with", "text: string, suffix: string", "boolean", "Plain comparison, no pattern."},
    {"text.contains", "text: string, part: string", "boolean", "Plain search, no pattern."},
    {"text.replace", "text: string, from: string, to: string", "string",
     "Every occurrence, plain, no pattern."},
    {"text.length", "text: string", "number", "Characters (code points), where #text counts bytes."},
    {"text.truncate", "text: string, length: number", "string",
     "At most that many characters; never half of one."},

    {"time.now", "", "string", "When the event was captured: the same on every replay and back-test."},
    {"time.parse", "time: string|number", "number",
     "Seconds since 1970-01-01 UTC. A time without a zone is UTC."},
    {"time.format", "time: string|number, pattern?: string", "string",
     "RFC 3339 in UTC, or by a pattern of %Y %m %d %H %M %S %f %j %a %b %%."},
    {"time.add", "time: string|number, duration: string|number", "string",
     "A duration is seconds or text: `'15m'`, `'-7d'`."},
    {"time.diff", "a: string|number, b: string|number", "number",
     "Seconds from b to a: positive when a is later."},
    {"time.parts", "time: string|number", "table",
     "year, month, day, hour, minute, second, weekday (1 is Monday), yearday."},

    {"hash.sha256", "text: string", "string", "Lower-case hexadecimal."},
    {"hash.sha512", "text: string", "string", "Lower-case hexadecimal."},
    {"hash.sha1", "text: string", "string", "For systems that ask for it; not for security."},
    {"hash.md5", "text: string", "string", "For systems that ask for it; not for security."},
    {"hash.hmac_sha256", "key: string, text: string", "string", "Lower-case hexadecimal."},
    {"hash.base64_encode", "bytes: string", "string", "Standard alphabet, padded."},
    {"hash.base64_decode", "text: string", "string?", "nil when the text is no base64."},

    {"decimal.round", "value: number, places?: number", "number",
     "Half away from zero; exact, whatever the number of digits."},
    {"decimal.floor", "value: number", "number", "The next lower whole number, exact."},
    {"decimal.format", "value: number, places: number", "string",
     "With exactly so many digits after the point: `decimal.format(2, 2)` is `2.00`."},
    {"decimal.divide", "a: number, b: number, places: number", "number",
     "The quotient, rounded half away from zero to so many places."},
    {"decimal.compare", "a: number, b: number", "number", "-1, 0 or 1."},
    {"decimal.nearest", "value: number", "number", "The nearest Lua number, for math and `^`."},

    {"print", "...: any", "", "As log.info."},
    {"assert", "value: any, message?: any", "any", "Lua's own."},
    {"error", "message: any, level?: number", "", "Ends the script with an error; it never counts as false."},
    {"getmetatable", "value: any", "any", "Lua's own; what belongs to the sandbox gives false."},
    {"ipairs", "list: any[]", "function", "Lua's own, also for arrays of rows."},
    {"next", "table: table, key?: any", "any", "Lua's own; for read-only values the first member only."},
    {"pairs", "table: table", "function",
     "Lua's own, also for rows, `changed` and nested JSON, in the order they came."},
    {"pcall", "f: function, ...: any", "boolean", "Lua's own; a time limit passes through it."},
    {"rawequal", "a: any, b: any", "boolean", "Lua's own."},
    {"rawget", "table: table, key: any", "any", "Lua's own."},
    {"rawset", "table: table, key: any, value: any", "table", "Lua's own."},
    {"select", "n: number|string, ...: any", "any", "Lua's own."},
    {"setmetatable", "table: table, meta: table?", "table", "Lua's own."},
    {"tonumber", "value: any, base?: number", "number?",
     "The nearest Lua number of an exact value; text keeps every digit."},
    {"tostring", "value: any", "string", "All digits of a whole number; rows and nested JSON as JSON."},
    {"type", "value: any", "string",
     "`number` for exact values, `table` for rows and nested JSON, `null` for null."},
    {"unpack", "list: any[], i?: number, j?: number", "any", "Lua's own, also for arrays of rows."},
    {"xpcall", "f: function, handler: function, ...: any", "boolean",
     "The handler runs after the stack is unwound."},

    {"string.byte", "text: string, i?: number, j?: number", "number", "Lua's own, as all of string."},
    {"string.char", "...: number", "string", "Text of these bytes."},
    {"string.find", "text: string, pattern: string, init?: number, plain?: boolean", "number?",
     "Where the pattern matches: start, end, captures."},
    {"string.format", "format: string, ...: any", "string", "`%s` prints exact values whole."},
    {"string.gmatch", "text: string, pattern: string", "function", "Goes over the matches."},
    {"string.gsub", "text: string, pattern: string, to: any, n?: number", "string", "Replaces matches."},
    {"string.len", "text: string", "number", "Bytes."},
    {"string.lower", "text: string", "string", "ASCII letters only."},
    {"string.match", "text: string, pattern: string, init?: number", "string?",
     "The captures of the first match."},
    {"string.rep", "text: string, n: number, separator?: string", "string", "Repeated."},
    {"string.reverse", "text: string", "string", "Byte by byte."},
    {"string.sub", "text: string, i: number, j?: number", "string", "A part, by bytes."},
    {"string.upper", "text: string", "string", "ASCII letters only."},

    {"table.concat", "list: any[], separator?: string, i?: number, j?: number", "string",
     "Also of arrays of rows."},
    {"table.insert", "list: any[], position: any, value?: any", "", "Lua's own."},
    {"table.maxn", "table: table", "number", "Lua's own."},
    {"table.move", "from: table, first: number, last: number, to: number, target?: table", "table",
     "Lua's own."},
    {"table.remove", "list: any[], position?: number", "any", "Lua's own."},
    {"table.sort", "list: any[], less?: function", "", "Lua's own."},
    {"table.unpack", "list: any[], i?: number, j?: number", "any", "Also of arrays of rows."},

    {"math.abs", "x: number", "number",
     "Lua's own, as all of math: on Lua numbers, see decimal for exact values."},
    {"math.acos", "x: number", "number", ""},
    {"math.asin", "x: number", "number", ""},
    {"math.atan", "x: number", "number", ""},
    {"math.atan2", "y: number, x: number", "number", ""},
    {"math.ceil", "x: number", "number", ""},
    {"math.cos", "x: number", "number", ""},
    {"math.cosh", "x: number", "number", ""},
    {"math.deg", "x: number", "number", ""},
    {"math.exp", "x: number", "number", ""},
    {"math.floor", "x: number", "number", ""},
    {"math.fmod", "x: number, y: number", "number", ""},
    {"math.frexp", "x: number", "number", ""},
    {"math.huge", value, "number", "Infinity."},
    {"math.ldexp", "m: number, e: number", "number", ""},
    {"math.log", "x: number, base?: number", "number", ""},
    {"math.log10", "x: number", "number", ""},
    {"math.max", "...: number", "number", ""},
    {"math.min", "...: number", "number", ""},
    {"math.modf", "x: number", "number", ""},
    {"math.pi", value, "number", ""},
    {"math.pow", "x: number, y: number", "number", ""},
    {"math.rad", "x: number", "number", ""},
    {"math.random", "m?: number, n?: number", "number", "The same numbers on every replay of an event."},
    {"math.sin", "x: number", "number", ""},
    {"math.sinh", "x: number", "number", ""},
    {"math.sqrt", "x: number", "number", ""},
    {"math.tan", "x: number", "number", ""},
    {"math.tanh", "x: number", "number", ""},

    {"bit.arshift", "x: number, n: number", "number", "LuaJIT's own, 32 bits, as all of bit."},
    {"bit.band", "...: number", "number", ""},
    {"bit.bnot", "x: number", "number", ""},
    {"bit.bor", "...: number", "number", ""},
    {"bit.bswap", "x: number", "number", ""},
    {"bit.bxor", "...: number", "number", ""},
    {"bit.lshift", "x: number, n: number", "number", ""},
    {"bit.rol", "x: number, n: number", "number", ""},
    {"bit.ror", "x: number, n: number", "number", ""},
    {"bit.rshift", "x: number, n: number", "number", ""},
    {"bit.tobit", "x: number", "number", ""},
    {"bit.tohex", "x: number, n?: number", "string", ""},
};

constexpr std::array<std::string_view, 23> refused_names = {
    "io",      "os",   "package",    "debug",    "ffi",        "jit",    "coroutine", "getfenv",
    "setfenv", "load", "loadstring", "loadfile", "dofile",     "module", "newproxy",  "collectgarbage",
    "gcinfo",  "_G",   "_ENV",       "dump",     "randomseed", "arg",    "rowhook"};

}  // namespace

std::string_view LibraryEntry::library() const {
  const std::size_t dot = name.find('.');
  return dot == std::string_view::npos ? std::string_view{} : name.substr(0, dot);
}

std::string_view LibraryEntry::member() const {
  const std::size_t dot = name.find('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

std::string LibraryEntry::form() const {
  if (!is_function()) return std::string(returns);
  std::string out = std::string(name) + "(", rest = parameters;
  bool optional = false, first = true;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(", "), rest.size());
    std::string one = rest.substr(0, rest.find(':'));
    rest.erase(0, end + 2);
    if (one.ends_with('?')) {
      one.pop_back();
      out += first ? "[" : optional ? ", " : " [, ";
      optional = true;
      out += one;
    } else {
      out += (first ? "" : ", ") + one;
    }
    first = false;
  }
  out += optional ? "])" : ")";
  return returns.empty() ? out : out + " -> " + std::string(returns);
}

std::span<const LibraryEntry> script_library() { return entries; }

const LibraryEntry* find_library_entry(std::string_view name) {
  const auto found = std::find_if(std::begin(entries), std::end(entries),
                                  [&](const LibraryEntry& entry) { return entry.name == name; });
  return found == std::end(entries) ? nullptr : found;
}

bool is_library(std::string_view name) {
  return name != "event" && std::any_of(std::begin(entries), std::end(entries),
                                        [&](const LibraryEntry& entry) { return entry.library() == name; });
}

bool is_refused_name(std::string_view name) {
  return std::find(refused_names.begin(), refused_names.end(), name) != refused_names.end();
}

}  // namespace rowhook
