#include "workflows/egress.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "engine/base/errors.h"
#include "engine/base/json.h"

namespace rowhook {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

IpAddress from_v4(const void* four_bytes) {
  IpAddress address;
  std::copy(mapped_prefix.begin(), mapped_prefix.end(), address.bytes.begin());
  std::memcpy(address.bytes.data() + 12, four_bytes, 4);
  return address;
}

struct Special {
  IpNetwork network;
  const char* kind;
};

// The IANA special-purpose registries (RFC 6890 and later), as far as nothing public lives there.
const std::vector<Special>& special_networks() {
  static const std::vector<Special> networks = [] {
    const std::pair<const char*, const char*> list[] = {
        {"0.0.0.0/8", "an address of this host"},
        {"10.0.0.0/8", "a private address"},
        {"100.64.0.0/10", "a shared (carrier-grade NAT) address"},
        {"127.0.0.0/8", "a loopback address"},
        {"169.254.0.0/16", "a link-local address"},
        {"172.16.0.0/12", "a private address"},
        {"192.0.0.0/24", "a reserved address"},
        {"192.0.2.0/24", "a documentation address"},
        {"192.88.99.0/24", "a reserved address"},
        {"192.168.0.0/16", "a private address"},
        {"198.18.0.0/15", "a benchmarking address"},
        {"198.51.100.0/24", "a documentation address"},
        {"203.0.113.0/24", "a documentation address"},
        {"224.0.0.0/4", "a multicast address"},
        {"240.0.0.0/4", "a reserved address"},
        {"::/128", "an address of this host"},
        {"::1/128", "a loopback address"},
        {"100::/64", "a discard-only address"},
        {"2001::/23", "a reserved address"},
        {"2001:db8::/32", "a documentation address"},
        {"3fff::/20", "a documentation address"},
        {"5f00::/16", "a reserved address"},
        {"64:ff9b:1::/48", "a private address"},
        {"fc00::/7", "a unique local (private) address"},
        {"fe80::/10", "a link-local address"},
        {"fec0::/10", "a site-local (private) address"},
        {"ff00::/8", "a multicast address"},
    };
    std::vector<Special> out;
    for (const auto& [network, kind] : list) out.push_back({IpNetwork::parse(network), kind});
    return out;
  }();
  return networks;
}

// The IPv4 address inside an IPv6 one that is translated or tunnelled to it.
std::optional<IpAddress> embedded_v4(const IpAddress& address) {
  static const IpNetwork compatible = IpNetwork::parse("::/96"), nat64 = IpNetwork::parse("64:ff9b::/96"),
                         six_to_four = IpNetwork::parse("2002::/16"),
                         translated = IpNetwork::parse("::ffff:0:0:0/96");
  if (compatible.contains(address) || nat64.contains(address) || translated.contains(address))
    return from_v4(address.bytes.data() + 12);
  if (six_to_four.contains(address)) return from_v4(address.bytes.data() + 2);
  return std::nullopt;
}

bool any_contains(const std::vector<IpNetwork>& networks, const IpAddress& address) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const IpNetwork& network) { return network.contains(address); });
}

std::vector<IpNetwork> parse_all(const std::vector<std::string>& texts, const std::string& pointer) {
  std::vector<IpNetwork> networks;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    try {
      networks.push_back(IpNetwork::parse(texts[i]));
    } catch (const InvalidInput& error) {
      throw InvalidInput(error.what(), {{pointer_append(pointer, i), error.what()}}, error.hint());
    }
  }
  return networks;
}

}  // namespace

bool IpAddress::is_v4() const {
  return std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin());
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string copy(text);
  in_addr v4{};
  if (::inet_pton(AF_INET, copy.c_str(), &v4) == 1) return from_v4(&v4);
  IpAddress address;
  if (::inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::from(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    return from_v4(&v4.sin_addr);
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    IpAddress result;
    std::memcpy(result.bytes.data(), &v6.sin6_addr, 16);
    return result;
  }
  return std::nullopt;
}

std::string IpAddress::text() const {
  char buffer[INET6_ADDRSTRLEN];
  const bool v4 = is_v4();
  ::inet_ntop(v4 ? AF_INET : AF_INET6, bytes.data() + (v4 ? 12 : 0), buffer, sizeof buffer);
  return buffer;
}

bool IpNetwork::contains(const IpAddress& other) const {
  if (address.is_v4() != other.is_v4()) return false;  // ::/0 is about IPv6 only
  const std::size_t whole = bits / 8;
  if (!std::equal(address.bytes.begin(), address.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  other.bytes.begin()))
    return false;
  if (bits % 8 == 0) return true;
  const unsigned mask = 0xff00U >> (bits % 8) & 0xffU;
  return (address.bytes[whole] & mask) == (other.bytes[whole] & mask);
}

IpNetwork IpNetwork::parse(std::string_view text) {
  const auto wrong = [&] {
    return InvalidInput("'" + std::string(text) + "' is not a network", {},
                        "write it as 10.0.0.0/8, 192.168.1.7 or fd00::/8");
  };
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) throw wrong();
  const unsigned offset = text.find(':') == std::string_view::npos ? 96 : 0;
  unsigned bits = 128 - offset;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc{} || end != digits.data() + digits.size() || bits > 128 - offset) throw wrong();
  }
  return {*address, bits + offset};
}

EgressRules::EgressRules(const std::vector<std::string>& allow, const std::vector<std::string>& deny)
    : allow_(parse_all(allow, "/allow")), deny_(parse_all(deny, "/deny")) {}

std::optional<std::string> EgressRules::refusal(const IpAddress& address) const {
  if (any_contains(deny_, address)) return address.text() + " is in egress.deny";
  const auto inner = embedded_v4(address);
  if (inner && any_contains(deny_, *inner))
    return address.text() + " leads to " + inner->text() + ", in egress.deny";
  if (any_contains(allow_, address)) return std::nullopt;
  for (const auto& special : special_networks())
    if (special.network.contains(address)) return address.text() + " is " + special.kind;
  for (const auto& special : special_networks())
    if (inner && special.network.contains(*inner))
      return address.text() + " leads to " + inner->text() + ", " + special.kind;
  return std::nullopt;
}

}  // namespace rowhook
