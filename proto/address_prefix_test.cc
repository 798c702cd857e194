#include "muster/proto/address_prefix.h"

#include <arpa/inet.h>

#include <string>

#include "gtest/gtest.h"

namespace muster::config {
namespace {

bool IsIn(const std::string& address, const std::string& text) {
  const auto prefix = AddressPrefix::Parse(text);
  EXPECT_TRUE(prefix.ok()) << prefix.status();
  std::array<std::uint8_t, 16> bytes = {};
  const int family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
  EXPECT_EQ(::inet_pton(family, address.c_str(), bytes.data()), 1) << address;
  return prefix->Contains(family, bytes);
}

std::string WhyNot(const std::string& text) {
  return std::string(AddressPrefix::Parse(text).status().message());
}

TEST(AddressPrefix, OfOneAddressIsThatAddress) {
  EXPECT_TRUE(IsIn("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(IsIn("192.0.2.2", "192.0.2.1"));
  EXPECT_TRUE(IsIn("2001:db8::1", "2001:DB8:0::1"));
  EXPECT_FALSE(IsIn("2001:db8::2", "2001:db8::1"));
}

TEST(AddressPrefix, HasWhatBeginsWithItsBits) {
  EXPECT_TRUE(IsIn("10.255.255.255", "10.0.0.0/8"));
  EXPECT_FALSE(IsIn("11.0.0.0", "10.0.0.0/8"));
  EXPECT_TRUE(IsIn("192.0.2.127", "192.0.2.0/25"));
  EXPECT_FALSE(IsIn("192.0.2.128", "192.0.2.0/25"));
  EXPECT_TRUE(IsIn("192.0.2.1", "192.0.2.1/32"));
  EXPECT_TRUE(IsIn("2001:db8:ffff::", "2001:db8::/32"));
  EXPECT_FALSE(IsIn("2001:db9::", "2001:db8::/32"));
  EXPECT_TRUE(IsIn("fe80::1", "fe80::/10"));
  EXPECT_FALSE(IsIn("fec0::1", "fe80::/10"));
}

TEST(AddressPrefix, OfNoBitsHasAllOfItsFamily) {
  EXPECT_TRUE(IsIn("203.0.113.9", "0.0.0.0/0"));
  EXPECT_FALSE(IsIn("::", "0.0.0.0/0"));
  EXPECT_TRUE(IsIn("2001:db8::1", "::/0"));
  EXPECT_FALSE(IsIn("0.0.0.0", "::/0"));
}

TEST(AddressPrefix, RefusesWhatIsNone) {
  for (const std::string text :
       {"", "proxy", "192.0.2", "192.0.2.1/", "192.0.2.1/x", "192.0.2.1/08", "192.0.2.1/-1",
        "192.0.2.1/1111", "/8", "unix:", "fe80::1%eth0", "192.0.2.1:80", "10.0.0.0/8/8"}) {
    EXPECT_EQ(WhyNot(text), "\"" + text +
                                "\" is no address and no prefix; write 192.0.2.1, 10.0.0.0/8 or "
                                "2001:db8::/32");
  }
}

TEST(AddressPrefix, RefusesMoreBitsThanThereAre) {
  EXPECT_EQ(WhyNot("10.0.0.0/33"), "\"10.0.0.0/33\" has a prefix of more than 32 bits");
  EXPECT_EQ(WhyNot("::/129"), "\"::/129\" has a prefix of more than 128 bits");
}

TEST(AddressPrefix, RefusesBitsBehindThePrefix) {
  EXPECT_EQ(WhyNot("10.0.0.1/8"),
            "\"10.0.0.1/8\" has bits behind its prefix; write 10.0.0.0/8 or 10.0.0.1");
  EXPECT_EQ(WhyNot("2001:db8::1/32"),
            "\"2001:db8::1/32\" has bits behind its prefix; write 2001:db8::/32 or 2001:db8::1");
}

}  // namespace
}  // namespace muster::config
