#include "tests/unit/capture_postgres/golden.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "engine/capture/postgres_logical/change_decoder.h"
#include "engine/event/document.h"
#include "engine/event/json_writer.h"
#include "tests/support/fake_clock.h"

namespace rowhook::testing {

std::string golden_path(const std::string& file) { return "tests/unit/capture_postgres/golden/" + file; }

std::string read_golden(const std::string& file) {
  std::ifstream in(golden_path(file));
  if (!in)
    throw std::runtime_error("cannot read " + golden_path(file) + ": run the tests in the repository's root");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> golden_messages(const std::string& name) {
  std::istringstream lines(read_golden(name + ".hex"));
  std::vector<std::string> messages;
  for (std::string line; std::getline(lines, line);) messages.push_back(line);
  return messages;
}

std::string from_hex(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  return bytes;
}

std::vector<std::string> decode_golden(const std::vector<std::string>& hex_messages) {
  SourceSettings settings;
  settings.source = "main-postgres";
  settings.connection = "main_postgres";
  settings.method = "log_based";
  settings.database = "shop";
  for (const char* const table : {"orders", "audit", "pairs", "numbers", "texts", "times", "arrays"})
    settings.tables.emplace_back().table = table;
  const std::vector<TableWatch> watches = table_watches(settings);
  StreamState state;
  state.epoch = 0x66aa77bb;
  const auto lookup = [](const pgoutput::Relation& relation) {
    RelationFacts facts;
    if (relation.identity == 'f') facts.primary_key = {"id"};
    for (const auto& column : relation.columns) facts.types.push_back(builtin_type(column.type));
    for (ColumnType& type : facts.types)
      if (type.name == "box[]") type.delimiter = ';';
    return facts;
  };
  const FakeClock clock;
  ChangeDecoder decoder(settings, watches, state, lookup, clock);
  Batch batch;
  for (const std::string& message : hex_messages) decoder.decode(from_hex(message), batch);
  std::vector<std::string> events;
  for (const Event& event : batch.events) events.push_back(event_json(event));
  return events;
}

std::vector<std::string> without_places(const std::vector<std::string>& events) {
  const auto drop = [](Document* document, const std::vector<std::string>& names) {
    std::erase_if(*document->object(), [&](const auto& member) {
      return std::count(names.begin(), names.end(), member.first) > 0;
    });
  };
  std::vector<std::string> plain;
  for (const std::string& text : events) {
    Document document = Document::parse(text);
    drop(&document, {"event_id", "trigger_id", "timestamp"});
    for (auto& [name, value] : *document.object())
      if (name == "metadata") drop(&value, {"position", "transaction_id"});
    plain.push_back(document.text());
  }
  return plain;
}

}  // namespace rowhook::testing
