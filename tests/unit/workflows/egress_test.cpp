#include "workflows/egress.h"

#include <gmock/gmock.h>
#include <netinet/in.h>

#include "engine/base/errors.h"

using namespace rowhook;
using ::testing::HasSubstr;

namespace {

bool refused(const EgressRules& rules, const std::string& address) {
  const auto parsed = IpAddress::parse(address);
  EXPECT_TRUE(parsed) << address;
  return rules.refusal(*parsed).has_value();
}

TEST(Egress, WhatIsNotPublicIsRefused) {
  const EgressRules rules;
  for (const char* address : {"127.0.0.1",
                              "127.255.255.254",
                              "0.0.0.0",
                              "0.1.2.3",
                              "10.0.0.1",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.168.1.1",
                              "169.254.169.254",
                              "100.64.0.1",
                              "100.127.255.255",
                              "192.0.0.8",
                              "192.0.2.1",
                              "198.18.0.1",
                              "198.51.100.1",
                              "203.0.113.1",
                              "224.0.0.1",
                              "239.255.255.255",
                              "240.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "fe80::1",
                              "febf::1",
                              "fec0::1",
                              "fc00::1",
                              "fdff::1",
                              "ff02::1",
                              "2001:db8::1",
                              "100::1",
                              "::ffff:127.0.0.1",
                              "::ffff:10.1.1.1",
                              "::ffff:169.254.169.254",
                              "::127.0.0.1",
                              "::10.0.0.1",
                              "64:ff9b::127.0.0.1",
                              "64:ff9b::a00:1",
                              "2002:7f00:1::",
                              "2002:c0a8:101::1",
                              "2001:0:4136:e378:8000:63bf:3fff:fdd2",
                              "::ffff:0:127.0.0.1"})
    EXPECT_TRUE(refused(rules, address)) << address;
}

TEST(Egress, WhatIsPublicMayBeReached) {
  const EgressRules rules;
  for (const char* address :
       {"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "100.63.255.255",
        "100.128.0.0", "169.253.0.1", "192.167.1.1", "223.255.255.255", "2606:4700::1111", "2a00::1",
        "64:ff9b::8.8.8.8", "2002:808:808::1", "::ffff:8.8.8.8"})
    EXPECT_FALSE(refused(rules, address)) << address;
}

TEST(Egress, AllowOpensAndDenyWins) {
  const EgressRules rules({"127.0.0.0/8", "10.1.0.0/16", "fd00::/8"}, {"10.1.2.3", "8.8.8.0/24"});
  EXPECT_FALSE(refused(rules, "127.0.0.1"));
  EXPECT_FALSE(refused(rules, "::ffff:127.0.0.1"));  // the same address in other clothes
  EXPECT_TRUE(refused(rules, "::1"));
  EXPECT_FALSE(refused(rules, "10.1.9.9"));
  EXPECT_TRUE(refused(rules, "10.2.0.1"));
  EXPECT_TRUE(refused(rules, "10.1.2.3"));
  EXPECT_TRUE(refused(rules, "8.8.8.8"));
  EXPECT_TRUE(refused(rules, "64:ff9b::8.8.8.8"));
  EXPECT_FALSE(refused(rules, "fd12::1"));
  EXPECT_TRUE(refused(EgressRules({"::/0"}, {}), "10.0.0.1"));  // says nothing about IPv4
  EXPECT_FALSE(refused(EgressRules({"0.0.0.0/0"}, {}), "10.0.0.1"));
}

TEST(Egress, TheReasonNamesTheKindOfAddress) {
  const EgressRules rules({}, {"8.8.8.8"});
  EXPECT_EQ(rules.refusal(*IpAddress::parse("169.254.169.254")), "169.254.169.254 is a link-local address");
  EXPECT_EQ(rules.refusal(*IpAddress::parse("64:ff9b::10.0.0.1")),
            "64:ff9b::a00:1 leads to 10.0.0.1, a private address");
  EXPECT_EQ(rules.refusal(*IpAddress::parse("8.8.8.8")), "8.8.8.8 is in egress.deny");
}

TEST(Egress, NetworksAreWrittenAsCidr) {
  EXPECT_TRUE(IpNetwork::parse("10.0.0.0/9").contains(*IpAddress::parse("10.127.0.1")));
  EXPECT_FALSE(IpNetwork::parse("10.0.0.0/9").contains(*IpAddress::parse("10.128.0.1")));
  EXPECT_TRUE(IpNetwork::parse("1.2.3.4").contains(*IpAddress::parse("1.2.3.4")));
  for (const char* wrong : {"", "10.0.0.0/33", "10.0.0/8", "0x7f.1", "example.com", "fd00::/129", "10.0.0.0/",
                            "10.0.0.0/-1", "10.0.0.0/8 "})
    EXPECT_THROW(IpNetwork::parse(wrong), InvalidInput) << wrong;
  try {
    EgressRules({"10.0.0.0/8", "x"}, {});
    FAIL();
  } catch (const InvalidInput& error) {
    EXPECT_EQ(error.problems().front().pointer, "/allow/1");
  }
}

TEST(Egress, SocketAddressesAreRead) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(0x7f000001);
  EXPECT_EQ(IpAddress::from(reinterpret_cast<const sockaddr*>(&v4))->text(), "127.0.0.1");
  sockaddr other{};
  other.sa_family = AF_UNIX;
  EXPECT_FALSE(IpAddress::from(&other));
}

}  // namespace
