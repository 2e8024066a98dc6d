// The library: its declaration, the sandbox and what functions do agree.
#include "scripting/library_spec.h"
#include "tests/integration/scripting/script_support.h"

namespace rowhook::testing {
namespace {

// The declaration and the sandbox name the same things.
TEST(ScriptLibrary, IsWhatItsDeclarationSays) {
  Metrics metrics;
  ScriptEngine engine({}, metrics);
  for (const auto& entry : script_library()) {
    const std::string name(entry.name);
    EXPECT_EQ(run_text(engine, ScriptKind::filter, "local _ = " + name + " return true"), "ok: true") << name;
    if (entry.is_function()) {
      EXPECT_EQ(run_text(engine, ScriptKind::filter, "type(" + name + ") == 'function'"), "ok: true") << name;
    }
  }
}

TEST(ScriptLibrary, DoesWhatItSays) {
  Metrics metrics;
  ScriptEngine engine({}, metrics);
  for (const char* truth : {
           "text.trim('  a b\\n') == 'a b'",
           "#text.split('a,b,,c', ',') == 4 and text.split('', ',')[1] == ''",
           "text.join({1, 'a', exact('9007199254740993')}, '-') == '1-a-9007199254740993'",
           "text.starts_with('abc', 'ab') and text.ends_with('abc', 'bc') and text.contains('a.c', '.')",
           "not text.starts_with('a', 'ab') and text.replace('a.b.c', '.', '-') == 'a-b-c'",
           "text.length('é😀x') == 3 and text.truncate('é😀x', 2) == 'é😀' and text.truncate('ab', 9) == 'ab'",
           "time.now() == '2025-08-05T10:00:01.000000Z'",
           "time.parse('1970-01-02') == 86400 and time.parse('1970-01-01 01:00:00+01') == 0",
           "time.format(0) == '1970-01-01T00:00:00.000000Z'",
           "time.format('2025-08-05T10:00:00.5+02:00') == '2025-08-05T08:00:00.500000Z'",
           "time.format(1754388000.123456) == '2025-08-05T10:00:00.123456Z'",
           "time.format('2024-02-29', '%d.%m.%Y %H:%M:%S %j %a %b %%') == '29.02.2024 00:00:00 060 Thu Feb "
           "%'",
           "time.add('2025-08-05T10:00:00Z', '15m') == '2025-08-05T10:15:00.000000Z'",
           "time.add('2025-08-05T10:00:00Z', -0.5) == '2025-08-05T09:59:59.500000Z' and time.add(0, '-7d') "
           "== '1969-12-25T00:00:00.000000Z'",
           "time.diff('2025-08-05T10:00:00Z', '2025-08-05T09:00:00Z') == 3600",
           "time.parts('2025-08-05 10:20:30.5').second == 30.5 and time.parts('2025-08-05').weekday == 2",
           "hash.sha256('abc') == 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'",
           "hash.md5('') == 'd41d8cd98f00b204e9800998ecf8427e'",
           "hash.sha1('abc') == 'a9993e364706816aba3e25717850c26c9cd0d89d' and #hash.sha512('') == 128",
           "hash.hmac_sha256('Jefe', 'what do ya want for nothing?') == "
           "'5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'",
           "hash.base64_decode(hash.base64_encode('\\0\\255')) == '\\0\\255' and hash.base64_decode('?') == "
           "nil",
           "json.encode({a = 1, b = array()}) == '{\"a\":1,\"b\":[]}'",
           "json.decode('{\"a\":[1,null]}').a[2] == null and json.decode('\"x\"') == 'x'",
           "json.encode(json.decode('{ \"a\" : 1.10 }')) == '{ \"a\" : 1.10 }'",
           "tostring(123456789012345) == '123456789012345' and tostring(1.5) == '1.5' and tostring(nil) == "
           "'nil'",
           "tonumber('0x10') == 16 and tonumber('ff', 16) == 255 and tonumber('x') == nil and tonumber(5) == "
           "5",
           "select(2, pcall(error, 'x')) == 'x' and select(2, xpcall(error, function(m) return m .. '!' end, "
           "'x')) == 'x!'",
           "('%d %5.2f %q'):format(3, 1.5, 'a') == '3  1.50 \"a\"' and ('a-b'):gsub('%-', '+') == 'a+b'",
           "decimal.round(exact('0.12345678901234567'), 3) == 0.123 and decimal.round(2.5) == 3",
           "decimal.divide(10, 3, 4) == 3.3333 and decimal.divide(-2, 3, 2) == -0.67",
           "decimal.format(2, 2) == '2.00' and decimal.floor(exact('-9007199254740993.5')) == "
           "-9007199254740994",
           "decimal.compare(new.id, 41) == 1 and decimal.nearest(exact('0.1000000000000000000001')) == 0.1",
           "kv.get('x') == nil and kv.add('n') == 1 and kv.add('n', 2.5) == 3.5 and kv.get('n') == 3.5",
           "(function() kv.set('t', {a = {1, 2}}) return kv.get('t').a[2] end)() == 2",
           "(function() kv.set('t', 1) kv.delete('t') return kv.get('t') end)() == nil",
           "math.max(1, 2) == 2 and bit.band(7, 3) == 3 and table.concat({1, 2}, ',') == '1,2'",
           "(function() local t = {3, 1, 2} table.sort(t, function(a, b) return a > b end) return t[1] "
           "end)() == 3",
           "(function() local r = math.random(3) return r >= 1 and r <= 3 end)()",
           "(function() local c = copy({a = {b = 1}}) c.a.b = 2 return c.a.b end)() == 2",
       })
    EXPECT_EQ(run_text(engine, ScriptKind::filter, truth), "ok: true") << truth;
  EXPECT_THAT(run_text(engine, ScriptKind::filter, "time.parse('yesterday') > 0"),
              ::testing::HasSubstr("is no time"));
  EXPECT_THAT(run_text(engine, ScriptKind::filter, "text.trimm('a') == ''"),
              ::testing::HasSubstr("did you mean 'text.trim'?"));
  EXPECT_THAT(run_text(engine, ScriptKind::filter, "json.decode('{') == 1"),
              ::testing::HasSubstr("s:1: not valid JSON"));
}

}  // namespace
}  // namespace rowhook::testing
