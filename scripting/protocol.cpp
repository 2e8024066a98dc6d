#include "scripting/protocol.h"

#include <array>
#include <cstring>

#include "engine/base/errors.h"
#include "engine/event/varint.h"
#include "scripting/json_scanner.h"

namespace rowhook {
namespace {

constexpr std::size_t record_header = 5;
constexpr std::array<std::string_view, 4> log_levels = {"debug", "info", "warning", "error"};
constexpr std::size_t max_log_lines = 1000;
constexpr std::size_t max_fields = 64, max_changes = 2 * most_state_keys;

[[noreturn]] void damaged(const char* what) { throw PermanentError(std::string("script host: ") + what); }

std::uint8_t read_byte(std::string_view& in) {
  if (in.empty()) damaged("bytes end too early");
  const auto byte = static_cast<std::uint8_t>(in.front());
  in.remove_prefix(1);
  return byte;
}

std::string_view take(std::string_view& in, std::size_t size) {
  if (size > in.size()) damaged("bytes end too early");
  const std::string_view part = in.substr(0, size);
  in.remove_prefix(size);
  return part;
}

template <typename T>
T read_raw(std::string_view& in) {
  T value;
  std::memcpy(&value, take(in, sizeof value).data(), sizeof value);
  return value;
}

std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

char* put(char* at, std::string_view bytes) {
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}

char* put_sized(char* at, std::string_view bytes) {
  std::uint64_t size = bytes.size();
  for (; size >= 0x80; size >>= 7) *at++ = static_cast<char>((size & 0x7f) | 0x80);
  *at++ = static_cast<char>(size);
  return put(at, bytes);
}

}  // namespace

bool RequestWriter::add(RecordTag tag, std::string_view body) {
  if (body.size() + record_header > area_.size() - used_) return false;
  char* at = area_.data() + used_;
  *at++ = static_cast<char>(tag);
  const auto length = static_cast<std::uint32_t>(body.size());
  std::memcpy(at, &length, sizeof length);
  put(at + sizeof length, body);
  used_ += record_header + body.size();
  return true;
}

bool RequestWriter::add_state(std::string_view packed) { return add(RecordTag::state, packed); }

bool RequestWriter::add_shape(const Shape& shape) { return add(RecordTag::shape, pack_shape(shape)); }

bool RequestWriter::add_script(const ScriptBundle& bundle) {
  buffer_.assign(reinterpret_cast<const char*>(&bundle.id), sizeof bundle.id);
  buffer_ += static_cast<char>(bundle.script->kind);
  const CallLimits& limits = bundle.limits;
  write_varint(buffer_, static_cast<std::uint64_t>(std::chrono::microseconds{limits.time_limit}.count()));
  write_varint(buffer_, limits.memory_limit);
  write_varint(buffer_, limits.output_limit);
  write_varint(buffer_, limits.depth_limit);
  write_varint(buffer_, bundle.coverage ? 1 : 0);
  write_bytes(buffer_, bundle.script->name);
  write_bytes(buffer_, bundle.script->text);
  write_varint(buffer_, bundle.modules.size());
  for (const auto& module : bundle.modules) {
    write_bytes(buffer_, module.name);
    write_bytes(buffer_, module.text);
  }
  return add(RecordTag::script, buffer_);
}

bool RequestWriter::add_call(std::uint64_t script, const Event& event, const Item* item, bool tell_fields) {
  CallHeader header{.script = script,
                    .shape = event.shape->id,
                    .seq = event.seq,
                    .timestamp = event.timestamp,
                    .captured_at = event.captured_at,
                    .ordinal = event.ordinal};
  std::string_view item_text;
  if (item) {
    header.flags |= CallHeader::has_item;
    if (item->event().get() == &event) {
      header.flags |= CallHeader::item_is_event;
    } else {
      item_text = item->json();
    }
  }
  if (tell_fields) header.flags |= CallHeader::tell_fields;
  if (event.user) header.flags |= CallHeader::has_user;
  if (event.snapshot) header.flags |= CallHeader::snapshot;
  if (event.old_complete) header.flags |= CallHeader::old_complete;
  const std::array<std::string_view, 9> texts = {
      event.id,       event.type,           event.order,
      event.position, event.transaction_id, event.user ? *event.user : "",
      event.key,      event.detail,         event.extra};
  std::size_t text_size = 0;
  for (const auto text : texts) text_size += varint_size(text.size()) + text.size();
  const std::size_t size =
      sizeof header + event.new_row.size() + event.old_row.size() + item_text.size() + text_size;
  if (size + record_header > area_.size() - used_) return false;
  header.new_size = static_cast<std::uint32_t>(event.new_row.size());
  header.old_size = static_cast<std::uint32_t>(event.old_row.size());
  header.item_size = static_cast<std::uint32_t>(item_text.size());
  header.text_size = static_cast<std::uint32_t>(text_size);

  char* at = area_.data() + used_;
  *at++ = static_cast<char>(RecordTag::call);
  const auto length = static_cast<std::uint32_t>(size);
  std::memcpy(at, &length, sizeof length);
  at = put(at + sizeof length, {reinterpret_cast<const char*>(&header), sizeof header});
  at = put(at, event.new_row);
  at = put(at, event.old_row);
  at = put(at, item_text);
  for (const auto text : texts) at = put_sized(at, text);
  used_ += record_header + size;
  return true;
}

bool RequestWriter::add_check(std::uint64_t script) {
  const CallHeader header{.script = script, .flags = CallHeader::compile_only | CallHeader::event_absent};
  return add(RecordTag::call, {reinterpret_cast<const char*>(&header), sizeof header});
}

bool next_record(std::string_view& rest, Record& record) {
  if (rest.empty()) return false;
  record.tag = static_cast<RecordTag>(read_byte(rest));
  record.body = take(rest, read_raw<std::uint32_t>(rest));
  return true;
}

CallView read_call(std::string_view body) {
  CallView call;
  call.header = read_raw<CallHeader>(body);
  call.new_row = take(body, call.header.new_size);
  call.old_row = take(body, call.header.old_size);
  call.item = take(body, call.header.item_size);
  call.texts = take(body, call.header.text_size);
  return call;
}

ScriptBundle read_script(std::string_view body) {
  ScriptBundle bundle;
  bundle.id = read_raw<std::uint64_t>(body);
  const auto kind = static_cast<ScriptKind>(read_byte(body));
  bundle.limits.time_limit = std::chrono::milliseconds{read_varint(body) / 1000};
  bundle.limits.memory_limit = read_varint(body);
  bundle.limits.output_limit = read_varint(body);
  bundle.limits.depth_limit = static_cast<unsigned>(read_varint(body));
  bundle.coverage = read_varint(body) != 0;
  std::string name(read_bytes(body)), text(read_bytes(body));
  bundle.script = std::make_shared<const Script>(Script{.kind = kind,
                                                        .name = std::move(name),
                                                        .text = std::move(text),
                                                        .id = 0,
                                                        .modules = {},
                                                        .uses_state = false});
  for (std::uint64_t n = read_varint(body); n > 0; --n) {
    std::string module_name(read_bytes(body));
    bundle.modules.push_back({std::move(module_name), std::string(read_bytes(body))});
  }
  return bundle;
}

EventTexts read_texts(const CallView& call) {
  EventTexts texts;
  std::string_view rest = call.texts;
  texts.id = read_bytes(rest);
  texts.type = read_bytes(rest);
  texts.order = read_bytes(rest);
  texts.position = read_bytes(rest);
  texts.transaction = read_bytes(rest);
  const std::string_view user = read_bytes(rest);
  if (call.has(CallHeader::has_user)) texts.user = user;
  texts.key = read_bytes(rest);
  texts.detail = read_bytes(rest);
  texts.extra = read_bytes(rest);
  return texts;
}

Event read_event(const CallView& call, const ShapePtr& shape) {
  const EventTexts texts = read_texts(call);
  Event event;
  event.seq = call.header.seq;
  event.id = texts.id;
  event.type = texts.type;
  event.shape = shape;
  event.order = texts.order;
  event.ordinal = call.header.ordinal;
  event.position = texts.position;
  event.transaction_id = texts.transaction;
  event.timestamp = call.header.timestamp;
  event.captured_at = call.header.captured_at;
  if (texts.user) event.user = std::string(*texts.user);
  event.snapshot = call.has(CallHeader::snapshot);
  event.old_complete = call.has(CallHeader::old_complete);
  event.old_row = call.old_row;
  event.new_row = call.new_row;
  event.key = texts.key;
  event.detail = texts.detail;
  event.extra = texts.extra;
  return event;
}

namespace {

void write_fields(std::string& out, std::span<const ScriptFields::value_type> fields) {
  write_varint(out, fields.size());
  for (const auto& [name, value] : fields) {
    write_bytes(out, name);
    write_bytes(out, value);
  }
}

}  // namespace

bool write_response(std::span<char> area, std::size_t& used, const HostResponse& response,
                    std::string& buffer) {
  buffer.assign(sizeof(std::uint32_t), '\0');
  buffer += static_cast<char>(response.status);
  write_varint(buffer, response.nanoseconds);
  write_varint(buffer, response.memory);
  if (response.status == ResponseStatus::table) write_bytes(buffer, response.json);
  if (response.status == ResponseStatus::error) {
    buffer += static_cast<char>(response.error->type);
    write_bytes(buffer, response.error->message);
    write_bytes(buffer, response.error->script);
    write_varint(buffer, static_cast<std::uint64_t>(response.error->line));
    write_bytes(buffer, response.error->traceback);
    write_fields(buffer, response.error->fields);
    write_varint(buffer, static_cast<std::uint64_t>(response.error->retry_after.count()));
  }
  write_varint(buffer, response.logs.size());
  for (const auto& line : response.logs) {
    std::uint8_t level = 1;
    for (std::uint8_t i = 0; i < log_levels.size(); ++i)
      if (line.level == log_levels[i]) level = i;
    buffer += static_cast<char>(level);
    write_bytes(buffer, line.message);
  }
  write_varint(buffer, response.changes.size());
  for (const auto& change : response.changes) {
    buffer += static_cast<char>(change.kind);
    write_bytes(buffer, change.key);
    write_bytes(buffer, change.value);
  }
  write_bytes(buffer, response.coverage);
  if (!response.fields.empty()) write_fields(buffer, response.fields);
  const auto length = static_cast<std::uint32_t>(buffer.size() - sizeof(std::uint32_t));
  std::memcpy(buffer.data(), &length, sizeof length);
  if (buffer.size() > area.size() - used) return false;
  put(area.data() + used, buffer);
  used += buffer.size();
  return true;
}

namespace {

void read_fields(std::string_view& body, ScriptFields& fields) {
  const std::uint64_t count = read_varint(body);
  if (count > max_fields) damaged("too many fields");
  for (std::uint64_t i = 0; i < count; ++i) {
    std::string name(read_bytes(body));
    fields.emplace_back(std::move(name), read_bytes(body));
    if (!is_json(fields.back().second)) damaged("a field is no JSON");
  }
}

ScriptError read_error(std::string_view& body) {
  ScriptError error;
  const unsigned type = read_byte(body);
  if (type >= ScriptError::types) damaged("unknown type of error");
  error.type = static_cast<ScriptError::Type>(type);
  error.message = read_bytes(body);
  error.script = read_bytes(body);
  const std::uint64_t line = read_varint(body);
  if (line > 0x7fffffff) damaged("impossible line");
  error.line = static_cast<int>(line);
  error.traceback = read_bytes(body);
  read_fields(body, error.fields);
  const std::uint64_t wait = read_varint(body);
  if (wait > 1'000'000'000'000) damaged("impossible time");
  error.retry_after = std::chrono::milliseconds{wait};
  return error;
}

void read_changes(std::string_view& body, StateChanges& changes) {
  const std::uint64_t count = read_varint(body);
  if (count > max_changes) damaged("too many changes of state");
  for (std::uint64_t i = 0; i < count; ++i) {
    StateChange change;
    const unsigned kind = read_byte(body);
    if (kind > static_cast<unsigned>(StateChange::Kind::remove)) damaged("unknown change of state");
    change.kind = static_cast<StateChange::Kind>(kind);
    change.key = read_bytes(body);
    change.value = read_bytes(body);
    if (change.key.size() > longest_state_key || change.value.size() > longest_state_value)
      damaged("a change of state larger than allowed");
    if (change.kind != StateChange::Kind::remove && !is_json(change.value)) damaged("state is no JSON");
    if (change.kind == StateChange::Kind::add && json_kind(change.value) != JsonKind::number)
      damaged("a counter is no number");
    changes.push_back(std::move(change));
  }
}

void read_outcome(std::string_view& body, ResponseStatus status, std::uint64_t output_limit,
                  ScriptResult& result) {
  switch (status) {
    case ResponseStatus::no:
      result.result = "false";
      break;
    case ResponseStatus::yes:
      result.pass = true;
      result.result = "true";
      break;
    case ResponseStatus::table: {
      const std::string_view json = read_bytes(body);
      if (json.size() > output_limit) damaged("result larger than allowed");
      if (!is_json(json)) damaged("result is no JSON");
      result.pass = true;
      result.result = json;
      break;
    }
    case ResponseStatus::dropped:
    case ResponseStatus::compiled:
      break;
    case ResponseStatus::error:
      result.error = read_error(body);
      break;
  }
}

std::vector<int> read_lines(std::string_view& bytes) {
  std::vector<int> lines;
  for (std::uint64_t left = read_varint(bytes); left > 0; --left) {
    const std::uint64_t line = read_varint(bytes);
    if (line > 0x7fffffff) damaged("impossible line");
    lines.push_back(static_cast<int>(line));
  }
  return lines;
}

std::vector<ScriptCoverage> read_coverage(std::string_view bytes) {
  std::vector<ScriptCoverage> coverage;
  if (bytes.empty()) return coverage;
  for (std::uint64_t left = read_varint(bytes); left > 0; --left) {
    ScriptCoverage& script = coverage.emplace_back();
    script.script = read_bytes(bytes);
    script.lines = read_lines(bytes);
    script.ran = read_lines(bytes);
  }
  return coverage;
}

bool fits(ResponseStatus status, std::optional<ScriptKind> kind) {
  if (status == ResponseStatus::error) return true;
  if (!kind) return status == ResponseStatus::compiled;
  if (*kind == ScriptKind::filter) return status == ResponseStatus::no || status == ResponseStatus::yes;
  return status == ResponseStatus::table || status == ResponseStatus::dropped;
}

}  // namespace

ScriptResult read_response(std::string_view& bytes, std::optional<ScriptKind> kind,
                           std::uint64_t output_limit) {
  const auto length = read_raw<std::uint32_t>(bytes);
  std::string_view body = take(bytes, length);
  const std::uint8_t status = read_byte(body);
  if (status > static_cast<std::uint8_t>(ResponseStatus::compiled)) damaged("unknown response");
  if (!fits(static_cast<ResponseStatus>(status), kind)) damaged("response to something else");
  ScriptResult result;
  const std::uint64_t nanoseconds = read_varint(body);
  constexpr std::uint64_t day = 86'400'000'000'000;
  result.time = std::chrono::nanoseconds{std::min(nanoseconds, day)};
  result.memory_bytes = read_varint(body);
  read_outcome(body, static_cast<ResponseStatus>(status), output_limit, result);
  const std::uint64_t lines = read_varint(body);
  if (lines > max_log_lines) damaged("too many log lines");
  for (std::uint64_t i = 0; i < lines; ++i) {
    const std::uint8_t level = read_byte(body);
    if (level >= log_levels.size()) damaged("unknown log level");
    result.logs.push_back({std::string(log_levels[level]), std::string(read_bytes(body))});
  }
  read_changes(body, result.changes);
  result.coverage = read_coverage(read_bytes(body));
  if (!body.empty()) read_fields(body, result.fields);
  if (!body.empty()) damaged("bytes left over");
  return result;
}

}  // namespace rowhook
