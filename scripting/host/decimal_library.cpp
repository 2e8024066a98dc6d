// Exact arithmetic that has to round: the author says to how many places.
#include "scripting/decimal.h"
#include "scripting/host/context.h"

namespace rowhook {
namespace {

constexpr int most_places = 1000;

// The number at `index`, a Lua number, an exact value or text of digits; raises an error when it is none.
Decimal check_decimal(lua_State* L, int index) {
  std::optional<Decimal> value;
  if (const std::string_view digits = exact_digits(L, index); digits.data()) {
    value = Decimal::parse(digits);
  } else if (lua_type(L, index) == LUA_TNUMBER) {
    value = Decimal::from(lua_tonumber(L, index));
  } else if (lua_type(L, index) == LUA_TSTRING) {
    value = Decimal::parse(to_text(L, index));
  }
  if (value) return *std::move(value);
  throw std::invalid_argument("decimal: argument " + std::to_string(index) + " is not a finite number");
}

int check_places(lua_State* L, int index) {
  const double places = lua_tonumber(L, index);
  if (places >= 0 && places <= most_places) return static_cast<int>(places);
  throw std::invalid_argument("decimal: places are 0 to " + std::to_string(most_places));
}

// Into context.scratch, since nothing of C++ may be alive when Lua is called.
void keep_digits(lua_State* L, const std::optional<Decimal>& value) {
  if (!value) throw std::invalid_argument("decimal: the result has too many digits");
  context(L).scratch = value->text();
}

void compute_round(lua_State* L) {
  const auto text = check_decimal(L, 1).fixed(check_places(L, 2));
  keep_digits(L, text ? Decimal::parse(*text) : std::nullopt);
}
void compute_floor(lua_State* L) { keep_digits(L, check_decimal(L, 1).floor()); }
void compute_divide(lua_State* L) {
  const Decimal divisor = check_decimal(L, 2);
  if (divisor.is_zero()) throw std::invalid_argument("decimal.divide: division by zero");
  keep_digits(L, Decimal::rounded_quotient(check_decimal(L, 1), divisor, check_places(L, 3)));
}
void compute_format(lua_State* L) {
  auto text = check_decimal(L, 1).fixed(check_places(L, 2));
  if (!text) throw std::invalid_argument("decimal.format: the result has too many digits");
  context(L).scratch = *std::move(text);
}

template <void (*compute)(lua_State*)>
int number(lua_State* L) {
  compute(L);
  push_number(L, context(L).scratch, {});
  return 1;
}

int format(lua_State* L) {
  compute_format(L);
  push_text(L, context(L).scratch);
  return 1;
}

int compare(lua_State* L) {
  const int order = check_decimal(L, 1).compare(check_decimal(L, 2));
  lua_pushinteger(L, order < 0 ? -1 : order > 0 ? 1 : 0);
  return 1;
}

int nearest(lua_State* L) {
  lua_pushnumber(L, check_decimal(L, 1).nearest());
  return 1;
}

}  // namespace

int decimal_library(lua_State* L) {
  const luaL_Reg functions[] = {{"round", guarded<number<compute_round>>},
                                {"floor", guarded<number<compute_floor>>},
                                {"divide", guarded<number<compute_divide>>},
                                {"format", guarded<format>},
                                {"compare", guarded<compare>},
                                {"nearest", guarded<nearest>},
                                {nullptr, nullptr}};
  lua_newtable(L);
  luaL_register(L, nullptr, functions);
  return 1;
}

}  // namespace rowhook
