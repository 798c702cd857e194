#include "muster/listen/address.h"

#include <sys/socket.h>

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::listen {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(const std::string& text) {
  const absl::StatusOr<Address> address = Address::Parse(text);
  EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(address.status().message());
}

TEST(Address, IsPrintedAsItWasWritten) {
  for (const char* text : {"127.0.0.1:8080", "[::1]:8080", "*:80", "[::]:80", "0.0.0.1:0",
                           "unix:/run/a b.sock", "unix:relative"}) {
    const absl::StatusOr<Address> address = Address::Parse(text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->ToString(), text);
  }
}

TEST(Address, HasOneSpellingForWhatIsTheSame) {
  EXPECT_EQ(Address::Parse("0.0.0.0:80")->ToString(), "*:80");
  EXPECT_EQ(Address::Parse("[0:0::1]:0080")->ToString(), "[::1]:80");
}

TEST(Address, KnowsItsPort) {
  EXPECT_EQ(Address::Parse("127.0.0.1:8080")->port(), 8080);
  EXPECT_EQ(Address::Parse("[::1]:65535")->port(), 65535);
}

TEST(Address, NeedsAPort) {
  EXPECT_THAT(ErrorOf("127.0.0.1"), HasSubstr("has no port"));
  EXPECT_THAT(ErrorOf(""), HasSubstr("has no port"));
  EXPECT_THAT(ErrorOf("127.0.0.1:"), HasSubstr("\"127.0.0.1:\" has no port; write "));
  EXPECT_THAT(ErrorOf("[::1]"), HasSubstr("\"[::1]\" has no port; write "));
  EXPECT_THAT(ErrorOf("UNIX:x"), HasSubstr("in small letters: \"unix:x\""));
}

TEST(Address, RefusesPortsThatAreNone) {
  for (const char* text : {"*:65536", "*:-1", "*:+1", "*:http", "*: 80", "*:99999999999"}) {
    EXPECT_THAT(ErrorOf(text), HasSubstr("write a number from 0 to 65535"));
  }
}

TEST(Address, LooksNoNamesUp) {
  EXPECT_THAT(ErrorOf("localhost:80"), HasSubstr("names are not looked up"));
  EXPECT_THAT(ErrorOf(":80"), HasSubstr("is no IP address"));
  EXPECT_THAT(ErrorOf("[127.0.0.1]:80"), HasSubstr("is no IP address"));
  EXPECT_THAT(ErrorOf("[*]:80"), HasSubstr("is no IP address"));
}

TEST(Address, WantsBracketsAroundIpv6) {
  EXPECT_EQ(ErrorOf("::1:80"), "an IPv6 address needs brackets; write \"[::1]:80\"");
}

TEST(Address, LimitsThePathOfAUnixSocket) {
  EXPECT_TRUE(Address::Parse("unix:" + std::string(107, 'a')).ok());
  EXPECT_THAT(ErrorOf("unix:" + std::string(108, 'a')), HasSubstr("108 bytes"));
  EXPECT_THAT(ErrorOf("unix:"), HasSubstr("no path"));
}

TEST(Address, IsPercentEncodedInAUri) {
  EXPECT_EQ(Address::Parse("unix:/srv/a-b_c.d~e/1.sock")->ToUri(), "unix:/srv/a-b_c.d~e/1.sock");
  EXPECT_EQ(Address::Parse("unix:/100%25 #1?/\xc3\xa4:\n")->ToUri(),
            "unix:/100%2525%20%231%3f/%c3%a4%3a%0a");
}

TEST(Address, IsReadBackFromASocket) {
  const ipc::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Address any = *Address::Parse("127.0.0.1:0");
  ASSERT_EQ(::bind(fd.get(), any.get(), any.size()), 0);
  const absl::StatusOr<Address> bound = Address::OfSocket(fd.get());
  ASSERT_TRUE(bound.ok());
  EXPECT_NE(bound->port(), 0);
  EXPECT_THAT(bound->ToString(), testing::StartsWith("127.0.0.1:"));
}

TEST(Address, IsComparedByWhatItMeans) {
  const auto same = [](const char* a, const char* b) {
    return *Address::Parse(a) == *Address::Parse(b);
  };
  EXPECT_TRUE(same("0.0.0.0:80", "*:80"));
  EXPECT_TRUE(same("127.0.0.1:080", "127.1:80"));
  EXPECT_TRUE(same("[0:0::0]:80", "[::]:80"));
  EXPECT_TRUE(same("unix:/a", "unix:/a"));
  EXPECT_TRUE(same("127.0.0.1:0", "127.0.0.1:0"));
  EXPECT_FALSE(same("*:80", "[::]:80"));
  EXPECT_FALSE(same("*:80", "127.0.0.1:80"));
  EXPECT_FALSE(same("*:80", "*:81"));
  EXPECT_FALSE(same("[::1]:80", "[::2]:80"));
  EXPECT_FALSE(same("[fe80::1%1]:80", "[fe80::1%2]:80"));
  EXPECT_FALSE(same("unix:/a", "unix:/b"));
}

TEST(Address, OverlapsWithAnyAddressOfItsFamilyAndPort) {
  const auto overlap = [](const char* a, const char* b) {
    return Address::Parse(a)->Overlaps(*Address::Parse(b));
  };
  EXPECT_TRUE(overlap("127.0.0.1:80", "*:80"));
  EXPECT_TRUE(overlap("*:80", "127.0.0.1:80"));
  EXPECT_TRUE(overlap("127.0.0.1:80", "127.0.0.1:80"));
  EXPECT_TRUE(overlap("[::1]:80", "[::]:80"));
  EXPECT_TRUE(overlap("unix:/a", "unix:/a"));
  EXPECT_FALSE(overlap("127.0.0.1:80", "127.0.0.2:80"));
  EXPECT_FALSE(overlap("127.0.0.1:80", "*:81"));
  EXPECT_FALSE(overlap("127.0.0.1:80", "[::]:80"));
  EXPECT_FALSE(overlap("127.0.0.1:0", "*:0"));
  EXPECT_FALSE(overlap("unix:/a", "unix:/b"));
}

TEST(Address, IncludesTheSingleAddressesOfItsFamilyAndPort) {
  const auto includes = [](const char* a, const char* b) {
    return Address::Parse(a)->Includes(*Address::Parse(b));
  };
  EXPECT_TRUE(includes("*:80", "127.0.0.1:80"));
  EXPECT_TRUE(includes("[::]:80", "[::1]:80"));
  EXPECT_FALSE(includes("127.0.0.1:80", "*:80"));
  EXPECT_FALSE(includes("127.0.0.1:80", "127.0.0.1:80"));
  EXPECT_FALSE(includes("*:80", "*:80"));
  EXPECT_FALSE(includes("*:80", "127.0.0.1:81"));
  EXPECT_FALSE(includes("*:0", "127.0.0.1:0"));
  EXPECT_FALSE(includes("[::]:80", "127.0.0.1:80"));
  EXPECT_FALSE(includes("unix:/a", "unix:/a"));
}

}  // namespace
}  // namespace muster::listen
