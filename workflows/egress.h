#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sockaddr;

namespace rowhook {

// An IPv4 or IPv6 address in one form: 16 bytes, IPv4 as ::ffff:a.b.c.d.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  bool is_v4() const;
  bool operator==(const IpAddress&) const = default;
  // "10.1.2.3" or "fe80::1"; dotted quads only, none of inet_aton's other spellings. nullopt when malformed.
  static std::optional<IpAddress> parse(std::string_view text);
  static std::optional<IpAddress> from(const sockaddr* address);
  std::string text() const;
};

// A network in CIDR form; a single address is one with all bits. Thread safety: immutable.
struct IpNetwork {
  IpAddress address;
  unsigned bits = 128;  // counted as IPv6: 10.0.0.0/8 has 104
  bool contains(const IpAddress& other) const;
  // "10.0.0.0/8", "192.168.1.7", "fd00::/8". Throws InvalidInput.
  static IpNetwork parse(std::string_view text);
};

// Which addresses outgoing HTTP may reach. Asked with the resolved address of every new socket, so that
// neither odd spellings nor names that change their answer get around it. `deny` wins over `allow`; `allow`
// over what is refused by default: loopback, private, link-local, shared (CGNAT), multicast, reserved and
// documentation networks, unique local IPv6, and every IPv6 form that carries such an IPv4 address (mapped,
// compatible, NAT64, 6to4, Teredo). Thread safety: immutable, safe to share.
class EgressRules {
 public:
  EgressRules() = default;
  // Throws InvalidInput, with pointers /allow/0 or /deny/0.
  EgressRules(const std::vector<std::string>& allow, const std::vector<std::string>& deny);
  // Why an address is refused ("10.0.0.1 is a private address"); nullopt: it may be reached.
  std::optional<std::string> refusal(const IpAddress& address) const;

 private:
  std::vector<IpNetwork> allow_, deny_;
};

}  // namespace rowhook
