// Any bytes as a stream of pgoutput messages: refused or decoded, and every event survives its binary form.
// The input is cut into messages by a length byte pair in front of each. The first byte picks whether there
// are conditions and excluded columns.
#include <cstdint>
#include <cstdlib>

#include "engine/base/errors.h"
#include "engine/capture/postgres_logical/array_text.h"
#include "engine/capture/postgres_logical/change_decoder.h"
#include "engine/event/json_writer.h"

namespace {

using namespace rowhook;

SourceSettings make_settings(bool filtered) {
  SourceSettings settings;
  settings.source = "s";
  settings.tables.resize(2);
  settings.tables[0].table = "t";
  settings.tables[1].table = "u";
  if (filtered) {
    settings.tables[0].where_clause = "a > 1 OR b LIKE 'x%'";
    settings.tables[0].exclude_columns = {"b"};
  }
  return settings;
}

void check(const Event& event) {
  std::string bytes;
  encode_event(event, bytes);
  const Event again = decode_event(bytes, 1, [&](std::uint64_t) { return event.shape; });
  if (again.new_row != event.new_row || again.old_row != event.old_row || again.key != event.key)
    std::abort();
  event_json(event);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const SourceSettings settings = make_settings((rest.front() & 1) != 0);
  rest.remove_prefix(1);
  const std::vector<TableWatch> watches = table_watches(settings);
  StreamState state;
  const auto lookup = [](const pgoutput::Relation& relation) {
    RelationFacts facts;
    for (const auto& column : relation.columns) facts.types.push_back(builtin_type(column.type));
    return facts;
  };
  ChangeDecoder decoder(settings, watches, state, lookup, system_clock());
  Batch batch;
  try {
    while (rest.size() >= 2) {
      const std::size_t length = std::min<std::size_t>(
          static_cast<unsigned char>(rest[0]) << 8 | static_cast<unsigned char>(rest[1]), rest.size() - 2);
      decoder.decode(rest.substr(2, length), batch);
      rest.remove_prefix(2 + length);
    }
  } catch (const Error&) {
    // Refused; what was decoded before must still hold.
  }
  for (const Event& event : batch.events) check(event);
  if (StreamState::parse(state.text()).tables.size() > state.tables.size()) std::abort();
  std::string json;
  append_array_json(json, TextForm::text, ',', {reinterpret_cast<const char*>(data), size});
  return 0;
}
