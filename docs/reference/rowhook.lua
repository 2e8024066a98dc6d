---@meta
-- What scripts of Rowhook can name. Generated: rowhook script library --format luals

--- A row; columns by name. Read-only: copy(row) gives a table.
---@class rowhook.row
---@field [string] any
---@class rowhook.null

---@class rowhook.event
---@field event_id string Equal on every redelivery, different for different changes.
---@field trigger_id string The same under its older name.
---@field seq number Place in the journal.
---@field source string The source the event came from.
---@field event_type string `record_updated`, `record_inserted`, `record_deleted`, ...
---@field database string? The database's name.
---@field schema string? The table's schema.
---@field table string? The table.
---@field record_id any The key's value; a table for a key of several columns.
---@field old_values rowhook.row? The same as `old`.
---@field new_values rowhook.row? The same as `new`.
---@field changed_fields string[]? Names of the changed columns; nil when that is unknown.
---@field timestamp string When the change was made: RFC 3339, UTC, microseconds.
---@field user string? Who made the change, where the capture method sees it.
---@field metadata table connection, method, position, transaction_id, tags, ... (docs/events.md).
---@field data any Of posted events: what was posted.
---@field change_type string? Of `schema_changed`: CREATE, ALTER or DROP.
---@field object_type string? Of `schema_changed`: TABLE, INDEX or COLUMN.
---@field object_name string? Of `schema_changed`.
---@field ddl_statement string? Of `schema_changed`, where the method can see it.
---@field error_id string? Of `database_error`.
---@field error_type string? Of `database_error`.
---@field error_message string? Of `database_error`.
---@field error_at string? Of `database_error`.
---@field retry_count number? Of `database_error`.
---@field context any Of `database_error`.
---@field from any Of `capture_gap`: where what may be missing begins.
---@field to any Of `capture_gap`: where it ends.
---@field reason string? Of `capture_gap`.
---@field remedy string? Of `capture_gap`: what to do.
---@field specversion string? Of CloudEvents.
---@field subject string? Of CloudEvents.
---@field dataschema string? Of CloudEvents.
---@field additional_data any Of posted events.
---@field user_id any Of posted events.
---@field retry_after fun(seconds: number, reason?: string) Ends the script; its execution is tried again after so many seconds, which counts as a retry.
---@field reject fun(reason: string) Ends the script; its execution becomes a dead letter at once, with that reason.
event = {}

--- The row after the change; nil for a delete. Columns by name: `new.status`.
---@type rowhook.row?
new = nil

--- The row before the change; nil for an insert.
---@type rowhook.row?
old = nil

--- `changed.status` is true where an update changed the column.
---@type table<string, boolean>
changed = nil

--- In a node of a workflow: what arrived at it; nil in triggers.
---@type any
item = nil

--- Writes JSON null: `{ note = null }`. SQL NULL reads as nil.
---@type rowhook.null
null = nil

--- A table of its own that may be changed; what stays unchanged is written as it came.
---@param value any
---@return table
function copy(value) end

--- Marks a table, or its arguments, as an array: `array()` is written `[]`.
---@param ... any
---@return table
function array(...) end

--- A number with every digit: `exact('0.1000000000000000000001')`.
---@param text string|number
---@return number
function exact(text) end

--- Runs a script of the store and gives what it returns; the name must be a literal.
---@param name string
---@return any
function require(name) end

json = {}

--- JSON text with every digit of exact values.
---@param value any
---@return string
function json.encode(value) end

--- Reads JSON into tables that may be changed.
---@param text string
---@return any
function json.decode(text) end

log = {}

--- Adds a line to the log of the execution; tables and rows are written as JSON.
---@param ... any
function log.debug(...) end

--- As log.debug, level info.
---@param ... any
function log.info(...) end

--- As log.debug, level warning.
---@param ... any
function log.warning(...) end

--- As log.debug, level error. Does not end the script: error() does.
---@param ... any
function log.error(...) end

kv = {}

--- What is kept under the key, nil if nothing is.
---@param key string
---@return any
function kv.get(key) end

--- Keeps a value; nil removes it.
---@param key string
---@param value any
function kv.set(key, value) end

--- Counts: adds 1 or the amount and gives the sum. Executions side by side lose no count.
---@param key string
---@param amount? number
---@return number
function kv.add(key, amount) end

--- Removes what is kept under the key.
---@param key string
function kv.delete(key) end

text = {}

--- Without white space at both ends.
---@param text string
---@return string
function text.trim(text) end

--- The parts between plain separators; always at least one.
---@param text string
---@param separator string
---@return string[]
function text.split(text, separator) end

--- The elements with the separator between them.
---@param list any[]
---@param separator string
---@return string
function text.join(list, separator) end

--- Plain comparison, no pattern.
---@param text string
---@param prefix string
---@return boolean
function text.starts_with(text, prefix) end

--- Plain comparison, no pattern.
---@param text string
---@param suffix string
---@return boolean
function text.ends_with(text, suffix) end

--- Plain search, no pattern.
---@param text string
---@param part string
---@return boolean
function text.contains(text, part) end

--- Every occurrence, plain, no pattern.
---@param text string
---@param from string
---@param to string
---@return string
function text.replace(text, from, to) end

--- Characters (code points), where #text counts bytes.
---@param text string
---@return number
function text.length(text) end

--- At most that many characters; never half of one.
---@param text string
---@param length number
---@return string
function text.truncate(text, length) end

time = {}

--- When the event was captured: the same on every replay and back-test.
---@return string
function time.now() end

--- Seconds since 1970-01-01 UTC. A time without a zone is UTC.
---@param time string|number
---@return number
function time.parse(time) end

--- RFC 3339 in UTC, or by a pattern of %Y %m %d %H %M %S %f %j %a %b %%.
---@param time string|number
---@param pattern? string
---@return string
function time.format(time, pattern) end

--- A duration is seconds or text: `'15m'`, `'-7d'`.
---@param time string|number
---@param duration string|number
---@return string
function time.add(time, duration) end

--- Seconds from b to a: positive when a is later.
---@param a string|number
---@param b string|number
---@return number
function time.diff(a, b) end

--- year, month, day, hour, minute, second, weekday (1 is Monday), yearday.
---@param time string|number
---@return table
function time.parts(time) end

hash = {}

--- Lower-case hexadecimal.
---@param text string
---@return string
function hash.sha256(text) end

--- Lower-case hexadecimal.
---@param text string
---@return string
function hash.sha512(text) end

--- For systems that ask for it; not for security.
---@param text string
---@return string
function hash.sha1(text) end

--- For systems that ask for it; not for security.
---@param text string
---@return string
function hash.md5(text) end

--- Lower-case hexadecimal.
---@param key string
---@param text string
---@return string
function hash.hmac_sha256(key, text) end

--- Standard alphabet, padded.
---@param bytes string
---@return string
function hash.base64_encode(bytes) end

--- nil when the text is no base64.
---@param text string
---@return string?
function hash.base64_decode(text) end

decimal = {}

--- Half away from zero; exact, whatever the number of digits.
---@param value number
---@param places? number
---@return number
function decimal.round(value, places) end

--- The next lower whole number, exact.
---@param value number
---@return number
function decimal.floor(value) end

--- With exactly so many digits after the point: `decimal.format(2, 2)` is `2.00`.
---@param value number
---@param places number
---@return string
function decimal.format(value, places) end

--- The quotient, rounded half away from zero to so many places.
---@param a number
---@param b number
---@param places number
---@return number
function decimal.divide(a, b, places) end

--- -1, 0 or 1.
---@param a number
---@param b number
---@return number
function decimal.compare(a, b) end

--- The nearest Lua number, for math and `^`.
---@param value number
---@return number
function decimal.nearest(value) end

--- As log.info.
---@param ... any
function print(...) end

--- Ends the script with an error; it never counts as false.
---@param message any
---@param level? number
function error(message, level) end

--- The nearest Lua number of an exact value; text keeps every digit.
---@param value any
---@param base? number
---@return number?
function tonumber(value, base) end

--- All digits of a whole number; rows and nested JSON as JSON.
---@param value any
---@return string
function tostring(value) end

--- `number` for exact values, `table` for rows and nested JSON, `null` for null.
---@param value any
---@return string
function type(value) end

--- The handler runs after the stack is unwound.
---@param f function
---@param handler function
---@param ... any
---@return boolean
function xpcall(f, handler, ...) end

