// What a script host writes is hostile input: reading it must end in a result or in PermanentError. The same
// bytes go through the readers of JSON and of Lua text, whose input comes from databases and authors.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "engine/base/errors.h"
#include "scripting/decimal.h"
#include "scripting/json_scanner.h"
#include "scripting/lua_check.h"
#include "scripting/number_text.h"
#include "scripting/protocol.h"
#include "scripting/script_text.h"

using namespace rowhook;

namespace {

void read_responses(std::string_view bytes, std::optional<ScriptKind> kind) {
  try {
    while (!bytes.empty()) {
      const ScriptResult result = read_response(bytes, kind, 1 << 16);
      if (kind == ScriptKind::transform && result.pass && !is_json(result.result)) std::abort();
      if (result.result.size() > (1 << 16)) std::abort();
    }
  } catch (const PermanentError&) {
  }
}

void read_json(std::string_view text) {
  if (!is_json(text)) return;
  text = trim_json(text);
  std::string out;
  switch (json_kind(text)) {
    case JsonKind::array:
    case JsonKind::object: {
      std::string_view name, value;
      for (JsonCursor cursor(text); cursor.next(name, value);) {
        unescape_json(name, out);
        if (!is_json(value)) std::abort();
        read_json(value);
      }
      break;
    }
    case JsonKind::string:
      unescape_json(text.substr(1, text.size() - 2), out);
      break;
    case JsonKind::number: {
      const auto exact = Decimal::parse(text);
      if (!exact) std::abort();
      if (const auto number = read_number(text)) {
        write_number(out, number->value);
        const auto written = Decimal::parse(out);
        if (!written || written->compare(*exact) != 0)
          std::abort();  // a number that Lua holds is held exactly
        if (number->same_digits && out != text) std::abort();
      }
      break;
    }
    default:
      break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_responses(bytes, ScriptKind::filter);
  read_responses(bytes, ScriptKind::transform);
  read_responses(bytes, std::nullopt);
  read_json(bytes);
  const ScriptText text = read_script_text(bytes);
  if (text.only_return < 0) std::abort();
  const std::vector<ScriptTable> tables = {{.name = "t", .columns = {{"id", "bigint"}, {"a", "text"}}}};
  for (const auto& problem : check_lua(bytes, tables))
    if (problem.line < 1 || problem.column < 1) std::abort();
  return 0;
}
