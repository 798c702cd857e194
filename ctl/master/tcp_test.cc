#include "muster/ctl/master/tcp.h"

#include <future>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

using ::testing::StartsWith;

// A resolver whose name server does not answer. Its thread goes on until the end of the process.
int LookUpForEver(const char*, const char*, const addrinfo*, addrinfo**) {
  auto* const never = new std::promise<void>;
  never->get_future().wait();
  return EAI_AGAIN;
}

int LookUpNothing(const char*, const char*, const addrinfo*, addrinfo**) { return EAI_AGAIN; }

int FindLoopback(const char*, const char* port, const addrinfo* wanted, addrinfo** found) {
  return ::getaddrinfo("127.0.0.1", port, wanted, found);
}

TEST(ResolveTcp, EndsWithItsLimitIfTheResolverDoesNotAnswer) {
  const auto found = ResolveTcp("web.example", "9000", absl::Milliseconds(50), LookUpForEver);
  EXPECT_EQ(found.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(found.status().message(),
            "cannot resolve web.example: the resolver has not answered within 50ms");
}

TEST(ResolveTcp, TellsTheReasonOfTheResolver) {
  const auto found = ResolveTcp("web.example", "9000", absl::Seconds(60), LookUpNothing);
  EXPECT_EQ(found.status().message(),
            std::string("cannot resolve web.example: ") + ::gai_strerror(EAI_AGAIN));
}

TEST(ResolveTcp, FindsTheAddressesOfAName) {
  const auto found = ResolveTcp("web.example", "9000", absl::Seconds(60), FindLoopback);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->front().ToString(), "127.0.0.1:9000");
}

TEST(ResolveTcp, AsksNoResolverForAnAddress) {
  const auto found = ResolveTcp("::1", "9000", absl::ZeroDuration(), LookUpForEver);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->front().ToString(), "[::1]:9000");
}

}  // namespace
}  // namespace muster::ctl
