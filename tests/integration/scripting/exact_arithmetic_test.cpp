#include <random>

#include "engine/event/document.h"
#include "scripting/decimal.h"
#include "scripting/number_text.h"
#include "tests/integration/scripting/script_support.h"

namespace rowhook::testing {
namespace {

// Decimals of up to 40 digits, without an exponent.
class RandomNumbers {
 public:
  explicit RandomNumbers(unsigned seed) : random_(seed) {}
  std::string next() {
    std::string out = pick(3) == 0 ? "-" : "";
    out += pick(4) == 0 ? "0" : digits(20);
    if (pick(2) == 0) out += "." + digits(20);
    return out;
  }

 private:
  std::size_t pick(std::size_t below) { return random_() % below; }
  std::string digits(std::size_t most) {
    std::string out(1, static_cast<char>('1' + pick(9)));
    for (std::size_t n = pick(most); n > 0; --n) out += static_cast<char>('0' + pick(10));
    return out;
  }
  std::mt19937 random_;
};

// Arithmetic and comparison of numbers of the database where a double holds one of them not: the exact
// answer, or an error that says what to write; never a rounded one.
TEST(ExactArithmetic, IsExactOrRefused) {
  Metrics metrics;
  ScriptEngine engine({}, metrics);
  const auto script = make_script(ScriptKind::transform, "arithmetic", R"(
    local a, b = new.a, new.b
    local function try(f)
      local ok, v = pcall(f)
      if ok then return { value = v } end
      return { error = v }
    end
    return {
      add = try(function() return a + b end), sub = try(function() return a - b end),
      mul = try(function() return a * b end), div = try(function() return a / b end),
      mod = try(function() return a % b end), neg = try(function() return -a end),
      lt = a < b, le = a <= b, eq = a == b, gt = a > b, text = a .. '|' .. b })");
  RandomNumbers numbers(99);
  std::vector<ScriptCall> calls;
  std::vector<std::pair<Decimal, Decimal>> operands;
  while (calls.size() < 2000) {
    const std::string x = numbers.next(), y = numbers.next();
    const Decimal a = *Decimal::parse(x), b = *Decimal::parse(y);
    if (read_number(x) && read_number(y)) continue;  // two Lua numbers: Lua's own arithmetic
    calls.push_back(
        {.script = script, .event = make_event({{"a", ValueKind::number, x}, {"b", ValueKind::number, y}})});
    operands.emplace_back(a, b);
  }
  const auto results = engine.run(calls);
  std::size_t answered = 0, refused = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    ASSERT_FALSE(results[i].error) << results[i].error->message;
    const Document answer = Document::parse(results[i].result);
    const auto& [a, b] = operands[i];
    const std::string what = a.text() + " and " + b.text() + ": " + results[i].result;
    const auto expect = [&](const char* name, const std::optional<Decimal>& right) {
      const Document* value = answer.find(name)->find("value");
      if (!value) {
        ++refused;
        EXPECT_THAT(*answer.find(name)->find("error")->string(),
                    ::testing::AnyOf(::testing::HasSubstr("tonumber("), ::testing::HasSubstr("digits"),
                                     ::testing::HasSubstr("by zero")))
            << what;
        return;
      }
      ++answered;
      ASSERT_TRUE(right) << name << " of " << what;
      EXPECT_EQ(Decimal::parse(value->text())->compare(*right), 0) << name << " of " << what;
    };
    expect("add", Decimal::sum(a, b));
    expect("sub", Decimal::sum(a, b.negated()));
    expect("mul", Decimal::product(a, b));
    expect("neg", a.negated());
    if (!b.is_zero()) {
      expect("div", Decimal::quotient(a, b));
      expect("mod", Decimal::remainder(a, b));
    }
    const int order = a.compare(b);
    EXPECT_EQ(answer.find("lt")->text(), order < 0 ? "true" : "false") << what;
    EXPECT_EQ(answer.find("le")->text(), order <= 0 ? "true" : "false") << what;
    EXPECT_EQ(answer.find("eq")->text(), order == 0 ? "true" : "false") << what;
    EXPECT_EQ(answer.find("gt")->text(), order > 0 ? "true" : "false") << what;
  }
  EXPECT_GT(answered, 8000U);
  EXPECT_GT(refused, 100U);
}

// With anything but a number an exact value raises an error that says so; it is never equal to one.
TEST(ExactArithmetic, WithOtherValuesRaises) {
  Metrics metrics;
  ScriptEngine engine({}, metrics);
  const auto event =
      make_event({{"a", ValueKind::number, "9007199254740993"}, {"t", ValueKind::text, "9007199254740993"}});
  const auto filter = [&](const char* text) {
    return outcome(run_one(engine, ScriptKind::filter, text, event));
  };
  EXPECT_EQ(filter("new.a == new.t"), "ok: false");
  EXPECT_EQ(filter("new.a == nil"), "ok: false");
  EXPECT_EQ(filter("new.a ~= {}"), "ok: true");
  for (const char* text : {"new.a < new.t", "new.a + {} == 1", "new.a .. nil == ''", "new.a < true",
                           "new.a ^ 2 > 1", "new.a + 0/0 > 1", "math.floor(new.a) == 1", "new.a.x == 1"})
    EXPECT_THAT(filter(text), ::testing::StartsWith("runtime: s:1: ")) << text;
  EXPECT_EQ(filter("new.a < 1/0 and new.a > -1/0 and not (new.a < 0/0) and not (new.a == 0/0)"), "ok: true");
}

}  // namespace
}  // namespace rowhook::testing
