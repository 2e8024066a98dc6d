// What engine and script host write into their shared memory. One batch: records one after another in the
// request area, answered by one response per call in the response area, in order. All integers little-endian
// or varint.
//
//   record    u8 tag, u32 length of the body, body
//   shape     pack_shape()
//   script    u64 id, u8 kind, varint time in us, memory, output, depth, coverage, bytes name, bytes text,
//             varint n, n x (bytes name, bytes text): modules
//   state     pack_state(): what kv holds for the calls that follow
//   call      CallHeader, new row, old row, item, then bytes: event id, type, order, position, transaction,
//   user, key,
//             detail, extra
//   response  u32 length of the body; u8 ResponseStatus, varint nanoseconds, varint bytes of memory, then by
//   status
//             table: bytes JSON · error: u8 type, bytes message, script, varint line, bytes traceback,
//             varint n, n x (bytes name, bytes JSON): fields, varint ms to wait ·
//             at the end varint n, n x (u8 level, bytes message): log;
//             varint n, n x (u8 kind, bytes key, bytes JSON): changes of the kv state;
//             bytes: Coverage::encoded(), "" when not asked for;
//             when asked for, and there are some: varint n, n x (bytes name, bytes JSON): fields
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/event.h"
#include "scripting/script_engine.h"

namespace rowhook {

inline constexpr std::size_t batch_calls = 256;

// A script with the modules it requires: what a host compiles. Immutable.
struct ScriptBundle {
  ScriptPtr script;
  std::vector<ScriptModule> modules;
  std::uint64_t id = 0;  // content hash of script and modules; one engine gives equal ones equal limits
  CallLimits limits;
  bool jit = false;         // for a host that compiles
  bool uses_state = false;  // it, or a module, names `kv`
  bool coverage = false;    // note which lines run
};
using BundlePtr = std::shared_ptr<const ScriptBundle>;

enum class RecordTag : std::uint8_t { shape = 1, script = 2, call = 3, state = 4 };

struct CallHeader {
  enum Flag : std::uint32_t {
    has_user = 1,
    snapshot = 2,
    old_complete = 4,
    has_item = 8,
    item_is_event = 16,
    compile_only = 32,
    event_absent = 64,
    tell_fields = 128,
  };
  std::uint64_t script = 0, shape = 0, seq = 0;
  std::int64_t timestamp = 0, captured_at = 0;
  std::uint32_t ordinal = 0, flags = 0;
  std::uint32_t new_size = 0, old_size = 0, item_size = 0, text_size = 0;
};

// Fills a request area. Each add_ returns false, and writes nothing, when there is no room.
class RequestWriter {
 public:
  explicit RequestWriter(std::span<char> area) : area_(area) {}
  bool add_shape(const Shape& shape);
  bool add_script(const ScriptBundle& bundle);
  bool add_call(std::uint64_t script, const Event& event, const Item* item, bool tell_fields = false);
  bool add_check(std::uint64_t script);
  bool add_state(std::string_view packed);
  std::size_t size() const { return used_; }

 private:
  bool add(RecordTag tag, std::string_view body);
  std::span<char> area_;
  std::size_t used_ = 0;
  std::string buffer_;
};

// One call as it lies in the request area; valid while the batch is.
struct CallView {
  CallHeader header;
  std::string_view new_row, old_row, item, texts;
  bool has(CallHeader::Flag flag) const { return (header.flags & flag) != 0; }
};

// The event of a call, for what needs all of it.
Event read_event(const CallView& call, const ShapePtr& shape);
// The texts of a call without copying the rest: event id, type, user, key (nullopt: no user).
struct EventTexts {
  std::string_view id, type, order, position, transaction, key, detail, extra;
  std::optional<std::string_view> user;
};
EventTexts read_texts(const CallView& call);

struct Record {
  RecordTag tag;
  std::string_view body;
};
// Reads a request area (the host trusts the engine; damage throws PermanentError all the same).
bool next_record(std::string_view& rest, Record& record);
CallView read_call(std::string_view body);
ScriptBundle read_script(std::string_view body);

enum class ResponseStatus : std::uint8_t { no = 0, yes = 1, table = 2, dropped = 3, error = 4, compiled = 5 };

struct HostResponse {
  ResponseStatus status = ResponseStatus::no;
  std::uint64_t nanoseconds = 0, memory = 0;
  std::string_view json;
  const ScriptError* error = nullptr;
  std::span<const ScriptLogLine> logs;
  std::span<const StateChange> changes = {};
  std::string_view coverage = {};
  std::span<const ScriptFields::value_type> fields = {};
};
// Appends to the response area; false, nothing written, when there is no room.
bool write_response(std::span<char> area, std::size_t& used, const HostResponse& response,
                    std::string& buffer);

// Consumes one response from bytes that a host wrote and nobody has checked. `kind` and `output_limit` are
// what was asked for; nullopt as kind: a check. Throws PermanentError when the bytes are damaged, answer
// something else, are larger than allowed or hold a result that is not JSON.
ScriptResult read_response(std::string_view& bytes, std::optional<ScriptKind> kind,
                           std::uint64_t output_limit);

}  // namespace rowhook
