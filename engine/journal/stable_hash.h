#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace rowhook {

// A 64-bit hash of bytes that is part of the journal's on-disk form: it never changes, on no machine.
// Multiply and fold (as wyhash does) over words of eight bytes, little-endian. Not for adversaries: every hit
// is compared afterwards.
inline std::uint64_t stable_hash(std::string_view bytes) {
  constexpr std::uint64_t first = 0xa0761d6478bd642fULL, second = 0xe7037ed1a0b428dbULL;
  const auto fold = [](std::uint64_t a, std::uint64_t b) {
    // The two halves of the 128-bit product, by 32-bit limbs where the compiler has no wider type.
    const std::uint64_t low = (a & 0xffffffffU) * (b & 0xffffffffU);
    const std::uint64_t mid1 = (a >> 32) * (b & 0xffffffffU) + (low >> 32);
    const std::uint64_t mid2 = (a & 0xffffffffU) * (b >> 32) + (mid1 & 0xffffffffU);
    const std::uint64_t high = (a >> 32) * (b >> 32) + (mid1 >> 32) + (mid2 >> 32);
    return (a * b) ^ high;
  };
  const auto word = [&bytes](std::size_t at, std::size_t count) {
    static_assert(std::endian::native == std::endian::little, "swap the bytes here for a big-endian machine");
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data() + at, count);
    return value;
  };
  std::uint64_t hash = first ^ bytes.size();
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) hash = fold(hash ^ word(at, 8), second);
  if (at < bytes.size()) hash = fold(hash ^ word(at, bytes.size() - at), second);
  return fold(hash, first);
}

}  // namespace rowhook
