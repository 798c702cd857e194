#include "muster/master/listen/process_listeners.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/master/listen/listener.h"

namespace muster::master {
namespace {

using ::testing::Contains;
using ::testing::Not;

std::vector<std::string> Own() {
  const auto addresses = ListeningAddresses(::getpid());
  EXPECT_TRUE(addresses.ok()) << addresses.status();
  std::vector<std::string> texts;
  for (const listen::Address& address : *addresses) texts.push_back(address.ToString());
  return texts;
}

absl::StatusOr<Listener> ListenOn(const std::string& address) {
  absl::StatusOr<Listener> listener = Listener::Bind(*listen::Address::Parse(address));
  if (!listener.ok()) return listener;
  if (const absl::Status status = listener->Listen(8); !status.ok()) return status;
  return listener;
}

TEST(ProcessListeners, AreThoseOfEachKind) {
  char folder[] = "/tmp/muster listeners-XXXXXX";
  ASSERT_NE(::mkdtemp(folder), nullptr);
  {
    const auto v4 = ListenOn("127.0.0.1:0");
    const auto v4_any = ListenOn("*:0");
    const auto path = ListenOn(absl::StrCat("unix:", folder, "/a b"));
    ASSERT_TRUE(v4.ok() && v4_any.ok() && path.ok());
    EXPECT_THAT(Own(), Contains(v4->address().ToString()));
    EXPECT_THAT(Own(), Contains(v4_any->address().ToString()));
    EXPECT_THAT(Own(), Contains(path->address().ToString()));
  }
  ::rmdir(folder);
}

TEST(ProcessListeners, AreThoseOfIpv6) {
  const auto listener = ListenOn("[::1]:0");
  if (!listener.ok()) GTEST_SKIP() << listener.status();
  EXPECT_THAT(Own(), Contains(listener->address().ToString()));
}

TEST(ProcessListeners, AreNoSocketsThatAreOnlyBound) {
  const ipc::UniqueFd bound(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const listen::Address any = *listen::Address::Parse("127.0.0.1:0");
  ASSERT_EQ(::bind(bound.get(), any.get(), any.size()), 0);
  EXPECT_THAT(Own(), Not(Contains(listen::Address::OfSocket(bound.get())->ToString())));
}

TEST(ProcessListeners, AreNoneOfAProcessThatIsNotThere) {
  EXPECT_EQ(ListeningAddresses(0x7ffffffe).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace muster::master
