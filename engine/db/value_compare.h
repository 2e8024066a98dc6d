// How two values of unknown database types compare: the rules of docs/conditions.md.
#pragma once

#include <compare>
#include <optional>
#include <string_view>

#include "engine/event/value.h"

namespace rowhook {

// Compares two numbers exactly as decimals of any length, without conversion to double. Accepts what JSON and
// databases print: sign, digits, fraction, exponent, NaN, Infinity and -Infinity (NaN equals itself and is
// above all, as in PostgreSQL), with spaces around. nullopt when either is not a number.
std::optional<std::strong_ordering> compare_numbers(std::string_view a, std::string_view b);

// Orders two values. unordered when either is null or was not sent, or when they cannot be compared (text
// that is no number against a number). Number and text compare as numbers, booleans count as 1 and 0 against
// numbers and read t, true, yes, on, 1 against texts; texts, bytes and JSON compare byte by byte.
std::partial_ordering compare_values(const Value& a, const Value& b);

// SQL's LIKE: % is any text, _ one character (of UTF-8), `escape` makes the next one literal ("" for none).
// Case-sensitive. Linear in text times pattern at worst.
bool matches_like(std::string_view text, std::string_view pattern, std::string_view escape);

// true, t, yes, y, on, 1 and their opposites in any letter case; nullopt for anything else.
std::optional<bool> parse_boolean(std::string_view text);

}  // namespace rowhook
