#include "engine/app/event_file.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include "engine/base/clock.h"
#include "engine/base/errors.h"
#include "engine/event/json_writer.h"
#include "web/server/given_event.h"

namespace rowhook {
namespace {

bool is_scalar(const Document& value) { return !value.object() && !value.array(); }

void write_pretty(std::string& out, const Document& value, std::size_t depth) {
  const auto* object = value.object();
  const auto* array = value.array();
  const bool flat = is_scalar(value) || (object && object->empty()) ||
                    (array && std::all_of(array->begin(), array->end(), is_scalar));
  if (flat) return value.write(out);
  const std::string indent(2 * (depth + 1), ' ');
  out += object ? "{\n" : "[\n";
  bool first = true;
  const auto begin = [&] {
    out += first ? indent : ",\n" + indent;
    first = false;
  };
  if (object) {
    for (const auto& [name, member] : *object) {
      begin();
      write_json_string(out, name);
      out += ": ";
      write_pretty(out, member, depth + 1);
    }
  } else {
    for (const auto& element : *array) {
      begin();
      write_pretty(out, element, depth + 1);
    }
  }
  out += "\n" + std::string(2 * depth, ' ') + (object ? "}" : "]");
}

}  // namespace

std::string pretty_json(const Document& document) {
  std::string out;
  write_pretty(out, document, 0);
  return out;
}

EventPtr event_from_document(const Document& document, const std::string& pointer) {
  Event event = *given_event(document, pointer, system_clock());
  if (const Document* seq = document.find("seq"); seq && seq->number()) {
    const std::string& digits = seq->number()->digits;
    std::from_chars(digits.data(), digits.data() + digits.size(), event.seq);
  }
  if (const Document* captured = document.find_path("metadata.captured_at"); captured && captured->string())
    event.captured_at = parse_rfc3339(*captured->string());
  return std::make_shared<const Event>(std::move(event));
}

std::string read_text_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw InvalidInput(path + ": cannot be read", {});
  return text.str();
}

EventPtr read_event_file(const std::string& path) {
  const std::string text = read_text_file(path);
  try {
    return event_from_document(Document::parse(text), "");
  } catch (const InvalidInput& error) {
    throw InvalidInput(path + ": " + error.what(), error.problems());
  }
}

}  // namespace rowhook
