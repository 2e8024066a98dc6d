// How a script ends its execution on purpose: event.retry_after() and event.reject().
#include "scripting/host/context.h"

namespace rowhook {
namespace {

constexpr double longest_wait = 7 * 86400;  // seconds

// Raises the end as an error that no pcall catches; the reason is in context.scratch.
int end_script(lua_State* L, ScriptError::Type type, double seconds) {
  ScriptContext& c = context(L);
  c.ending = true;
  c.ending_type = type;
  c.ending_seconds = seconds;
  return raise_scratch(L);
}

}  // namespace

int retry_after(lua_State* L) {
  ScriptContext& c = context(L);
  const std::string_view digits = exact_digits(L, 1);
  const double seconds = digits.data() ? longest_wait + 1 : lua_tonumber(L, 1);
  if (lua_type(L, 1) != LUA_TNUMBER || !(seconds >= 0) || seconds > longest_wait) {
    c.scratch = "event.retry_after(seconds): a number from 0 to 604800 (a week)";
    return raise_scratch(L);
  }
  c.scratch = lua_isnoneornil(L, 2) ? "the script asked to be tried again later" : check_text(L, 2);
  return end_script(L, ScriptError::Type::retry, seconds);
}

int reject(lua_State* L) {
  ScriptContext& c = context(L);
  if (lua_type(L, 1) != LUA_TSTRING) {
    c.scratch = "event.reject(reason): say why, as text (with a dot: event.reject, not event:reject)";
    return raise_scratch(L);
  }
  c.scratch = to_text(L, 1);
  return end_script(L, ScriptError::Type::rejected, 0);
}

}  // namespace rowhook
