// Property tests: random rows of every type go through scripts byte for byte.
#include <random>

#include "tests/integration/scripting/script_support.h"

namespace rowhook::testing {
namespace {

ScriptEngine& engine() {
  static Metrics metrics;
  static ScriptEngine shared({}, metrics);
  return shared;
}

// Random rows of every kind of value.
class RandomRows {
 public:
  explicit RandomRows(unsigned seed) : random_(seed) {}

  EventPtr event() {
    std::vector<Cell> cells;
    const std::size_t columns = 1 + pick(12);
    for (std::size_t i = 0; i < columns; ++i) cells.push_back(cell("c" + std::to_string(i)));
    return make_event(cells);
  }

 private:
  std::size_t pick(std::size_t below) { return random_() % below; }
  std::string digits(std::size_t most) {
    std::string out(1, static_cast<char>('1' + pick(9)));
    for (std::size_t n = pick(most); n > 0; --n) out += static_cast<char>('0' + pick(10));
    return out;
  }
  std::string number() {
    std::string out = pick(3) == 0 ? "-" : "";
    out += pick(4) == 0 ? "0" : digits(pick(6) == 0 ? 400 : 20);
    if (pick(2) == 0) out += "." + digits(pick(6) == 0 ? 100 : 12) + std::string(pick(3), '0');
    if (pick(8) == 0) out += (pick(2) == 0 ? "e" : "E-") + std::to_string(pick(400));
    return out;
  }
  std::string text() {
    static const std::vector<std::string> parts = {"a", "Z", "\"", "\\",   "\n",   "é",
                                                   "😀", " ", "\t", "null", "\x01", "<b>"};
    std::string out;
    for (std::size_t n = pick(20); n > 0; --n) out += parts[pick(parts.size())];
    return out;
  }
  std::string quoted(const std::string& plain) {
    std::string out;
    write_json_string(out, plain);
    return out;
  }
  std::string json(int depth) {
    switch (pick(depth > 4 ? 5 : 7)) {
      case 0:
        return "null";
      case 1:
        return pick(2) == 0 ? "true" : "false";
      case 2:
        return number();
      case 3:
        return quoted(text());
      case 4:
        return pick(2) == 0 ? "[]" : "{}";
      case 5: {
        std::string out = "[";
        for (std::size_t i = 0, n = pick(5); i < n; ++i) out += (i > 0 ? ", " : "") + json(depth + 1);
        return out + "]";
      }
      default: {
        std::string out = "{";
        for (std::size_t i = 0, n = pick(5); i < n; ++i)
          out += (i > 0 ? ", " : "") + quoted(text() + std::to_string(i)) + ": " + json(depth + 1);
        return out + "}";
      }
    }
  }
  Cell cell(const std::string& name) {
    switch (pick(9)) {
      case 0:
        return {name, ValueKind::null, ""};
      case 1:
        return {name, ValueKind::absent, ""};
      case 2:
        return {name, ValueKind::unchanged, ""};
      case 3:
        return {name, pick(2) == 0 ? ValueKind::yes : ValueKind::no, ""};
      case 4:
        return {name, ValueKind::text, text()};
      case 5:
        return {name, ValueKind::bytes, text()};
      case 6:
        return {name, ValueKind::json, json(0)};
      default:
        return {name, ValueKind::number, number()};
    }
  }
  std::mt19937 random_;
};

TEST(ExactRows, ComeOutAsTheyWentIn) {
  const auto whole = make_script(ScriptKind::transform, "whole", "return new");
  const auto copied = make_script(ScriptKind::transform, "copied", "return copy(new)");
  const auto read =
      make_script(ScriptKind::transform, "read", "for _ in pairs(new) do end return event.new_values");
  const auto recoded =
      make_script(ScriptKind::transform, "recoded", "return json.decode(json.encode(copy(new)))");
  const auto nested = make_script(ScriptKind::transform, "nested", "return { row = copy(new) }");
  RandomRows rows(20250805);
  std::vector<ScriptCall> calls;
  for (int i = 0; i < 1500; ++i) {
    const EventPtr event = rows.event();
    for (const auto& script : {whole, copied, read, recoded, nested})
      calls.push_back({script, event, nullptr});
  }
  const auto results = engine().run(calls);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    std::string expected;
    write_json_row(expected, *calls[i].event->shape, calls[i].event->new_row);
    if (calls[i].script == nested) expected = "{\"row\":" + expected + "}";
    ASSERT_EQ(outcome(results[i]), "ok: " + expected) << calls[i].script->name;
  }
}

TEST(ExactRows, ColumnsReadOneByOneKeepTheirValue) {
  const auto script =
      make_script(ScriptKind::transform, "columns",
                  "local t = {} for name, v in pairs(new) do t[name] = v == nil and null or v end return t");
  RandomRows rows(4711);
  std::vector<ScriptCall> calls;
  for (int i = 0; i < 1500; ++i) calls.push_back({script, rows.event(), nullptr});
  const auto results = engine().run(calls);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    ASSERT_FALSE(results[i].error) << results[i].error->message;
    const Document written = Document::parse(results[i].result);
    const auto& shape = *calls[i].event->shape;
    const auto values = read_row(calls[i].event->new_row, shape.columns.size());
    for (std::size_t c = 0; c < values.size(); ++c) {
      const Document* found = written.find(shape.columns[c].name);
      if (!values[c].sent() || values[c].kind == ValueKind::no) {
        // `v == nil and null or v` turns false into false, absent columns are not visited.
        EXPECT_EQ(found != nullptr, values[c].kind == ValueKind::no);
        continue;
      }
      std::string expected;
      write_json_value(expected, values[c]);
      ASSERT_TRUE(found) << shape.columns[c].name << " of " << results[i].result;
      EXPECT_EQ(*found, Document::parse(expected)) << expected;
    }
  }
}

}  // namespace
}  // namespace rowhook::testing
