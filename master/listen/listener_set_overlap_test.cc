// Sets whose addresses overlap with those of the set before.

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/listen/address.h"
#include "muster/master/listen/listen_attempt.h"
#include "muster/master/listen/listener.h"
#include "muster/master/listen/listener_set.h"
#include "muster/master/listen/listener_set_fixture.h"
#include "muster/proto/field_error.h"

namespace muster::master {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

absl::StatusOr<ListenerSet> Listening(const config::v1::Config& config, std::uint32_t workers,
                                      const ListenerSet& current) {
  absl::StatusOr<ListenerSet> set = ListenerSet::Make(config, workers, current);
  if (!set.ok()) return set;
  if (const absl::Status status = set->Listen(current); !status.ok()) return status;
  return set;
}

// How many of so many connections each descriptor has got that the entries name.
std::vector<std::string> WhereConnectionsGo(const ListenerSet& set, const std::string& to) {
  const listen::Address address = *listen::Address::Parse(to);
  std::vector<ipc::UniqueFd> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(clients.back().get(), address.get(), address.size()), 0) << to;
  }
  std::vector<std::string> accepted;
  for (const auto& socket : set.sockets()) {
    while (true) {
      const ipc::UniqueFd connection(::accept4(socket->fd(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!connection.valid()) break;
      accepted.push_back(socket->address().ToString());
    }
  }
  return accepted;
}

bool SharesItsPort(const Listener& socket) {
  int shares = -1;
  socklen_t size = sizeof(shares);
  EXPECT_EQ(::getsockopt(socket.fd(), SOL_SOCKET, SO_REUSEPORT, &shares, &size), 0);
  return shares == 1;
}

std::vector<std::string> EntriesOf(const ListenerSet& set, std::uint32_t index,
                                   std::uint32_t workers) {
  std::vector<std::string> entries;
  for (const worker::HandedListener& entry : set.ForWorker(index, workers)) {
    entries.push_back(entry.address);
  }
  return entries;
}

struct Overlap : ::testing::TestWithParam<const char*> {
  // A set at a single address of a port that is free, and the addresses there.
  void SetUp() override {
    const auto set = Listening(ConfigWith({absl::StrCat(Host(), ":0")}), 1, {});
    ASSERT_TRUE(set.ok()) << set.status();
    current = *set;
    one = set->addresses()[0];
    any = (Host() == "127.0.0.1" ? "*" : "[::]") + one.substr(one.rfind(':'));
  }
  static std::string Host() { return GetParam(); }

  ListenerSet current;
  std::string one;
  std::string any;
};
INSTANTIATE_TEST_SUITE_P(Families, Overlap, ::testing::Values("127.0.0.1", "[::1]"));

TEST_P(Overlap, KeepsASingleAddressWithinTheOneThatMeansAny) {
  const auto next = Listening(ConfigWith({any}), 1, current);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_THAT(next->addresses(), ElementsAre(any));
  EXPECT_TRUE(next->HasSocketAt(one));
  EXPECT_THAT(EntriesOf(*next, 0, 1), ElementsAre(any, one));
  EXPECT_EQ(next->ForWorker(0, 1)[1].fd, current.ForWorker(0, 1)[0].fd);
  EXPECT_THAT(WhereConnectionsGo(*next, one), ElementsAre(one, one, one, one));
  for (const auto& socket : next->sockets()) EXPECT_FALSE(SharesItsPort(*socket));
}

TEST_P(Overlap, TakesASingleAddressFromTheOneThatMeansAny) {
  auto wide = Listening(ConfigWith({any}), 1, current);
  ASSERT_TRUE(wide.ok()) << wide.status();
  // Without the socket that was kept.
  current = ListenerSet();
  *wide = wide->OnlyWith({wide->sockets()[0].get()});
  EXPECT_THAT(WhereConnectionsGo(*wide, one), ElementsAre(any, any, any, any));

  auto next = ListenerSet::Make(ConfigWith({one}), 1, *wide);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_THAT(WhereConnectionsGo(*wide, one), ElementsAre(any, any, any, any)) << "not yet";
  ASSERT_TRUE(next->Listen(*wide).ok());
  EXPECT_THAT(WhereConnectionsGo(*next, one), ElementsAre(one, one, one, one));
  EXPECT_THAT(next->addresses(), ElementsAre(one));
  EXPECT_EQ(wide->Without(*next).sockets(), wide->sockets());
  for (const ListenerSet* set : {&*next, &*wide}) {
    for (const auto& socket : set->sockets()) EXPECT_FALSE(SharesItsPort(*socket));
  }
}

TEST_P(Overlap, LetsNoOtherMasterInAfterwards) {
  const auto next = Listening(ConfigWith({any}), 1, current);
  ASSERT_TRUE(next.ok()) << next.status();
  for (const std::string& address : {one, any}) {
    EXPECT_TRUE(absl::IsAlreadyExists(
        ListenerSet::Make(ConfigWith({address}, config::v1::REUSEPORT), 2, {}).status()));
  }
}

TEST_P(Overlap, AddsNoSocketBackAndForth) {
  ListenerSet now = current;
  for (int i = 0; i < 3; ++i) {
    const auto wide = Listening(ConfigWith({any}), 1, now);
    ASSERT_TRUE(wide.ok()) << wide.status();
    EXPECT_EQ(wide->sockets().size(), 2u);
    const auto narrow = Listening(ConfigWith({one}), 1, *wide);
    ASSERT_TRUE(narrow.ok()) << narrow.status();
    EXPECT_EQ(narrow->sockets(), current.sockets());
    now = *narrow;
  }
}

TEST_P(Overlap, IsTakenBackWithTheAttempt) {
  auto next = ListenerSet::Make(ConfigWith({any}), 1, current);
  ASSERT_TRUE(next.ok()) << next.status();
  {
    ListenAttempt attempt;
    ASSERT_TRUE(next->Listen(attempt, current).ok());
  }
  *next = ListenerSet();
  EXPECT_FALSE(SharesItsPort(*current.sockets()[0]));
  EXPECT_THAT(WhereConnectionsGo(current, one), ElementsAre(one, one, one, one));
}

TEST_P(Overlap, ListensAgainBesideOthersAfterItWasReserved) {
  auto wide = Listening(ConfigWith({any}), 1, {});
  EXPECT_TRUE(absl::IsAlreadyExists(wide.status())) << "the other one does not let it in";
  wide = Listening(ConfigWith({any}), 1, current);
  ASSERT_TRUE(wide.ok()) << wide.status();
  const auto narrow = Listening(ConfigWith({one}), 1, *wide);
  ASSERT_TRUE(narrow.ok()) << narrow.status();
  wide->sockets()[0]->Reserve();
  const auto again = Listening(ConfigWith({any}), 1, *wide);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->sockets(), wide->sockets());
  EXPECT_TRUE(again->sockets()[0]->is_listening());
}

TEST_P(Overlap, SpreadsASingleAddressOverAllWorkersToo) {
  const auto wide = Listening(ConfigWith({any}, config::v1::REUSEPORT), 2, current);
  ASSERT_TRUE(wide.ok()) << wide.status();
  EXPECT_THAT(EntriesOf(*wide, 0, 2), ElementsAre(any, one));
  EXPECT_THAT(EntriesOf(*wide, 1, 2), ElementsAre(any, one));
  EXPECT_EQ(wide->sockets().size(), 4u);
  const auto narrow = Listening(ConfigWith({one}, config::v1::REUSEPORT), 3, *wide);
  ASSERT_TRUE(narrow.ok()) << narrow.status();
  EXPECT_EQ(narrow->sockets().size(), 3u);
  EXPECT_EQ(WhereConnectionsGo(*narrow, one).size(), 4u);
}

TEST_P(Overlap, MakesSeveralBesideSeveralOfAnyAddress) {
  const auto both = Listening(ConfigWith({any}, config::v1::REUSEPORT), 2, current);
  ASSERT_TRUE(both.ok()) << both.status();
  const ListenerSet wide = both->OnlyWith({both->sockets()[0].get()});
  for (const auto& socket : both->Without(wide).sockets()) socket->StopListening();
  current = ListenerSet();
  for (const config::v1::Accept accept : {config::v1::REUSEPORT, config::v1::EXCLUSIVE}) {
    const auto narrow = Listening(ConfigWith({one}, accept), 2, wide);
    ASSERT_TRUE(narrow.ok()) << narrow.status();
    EXPECT_EQ(WhereConnectionsGo(*narrow, one).size(), 4u);
    for (const auto& socket : wide.sockets()) EXPECT_TRUE(SharesItsPort(*socket));
    for (const auto& socket : narrow->sockets()) socket->StopListening();
  }
}

TEST_P(Overlap, SaysWhatWouldBecomeOfTheSockets) {
  const auto plan = ListenerSet::PlanFor(ConfigWith({any}), current);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->made, ElementsAre(any));
  EXPECT_THAT(plan->kept, ElementsAre(one));
  EXPECT_TRUE(plan->dropped.empty());
  const auto wide = Listening(ConfigWith({any}), 1, current);
  ASSERT_TRUE(wide.ok()) << wide.status();
  const auto back = ListenerSet::PlanFor(ConfigWith({one}), *wide);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_THAT(back->kept, ElementsAre(one));
  EXPECT_THAT(back->dropped, ElementsAre(any));
}

TEST(OverlappingSets, TellBeforeTheyListenThatTheMachineHasNoSuchAddress) {
  const auto wide = Listening(ConfigWith({"*:0"}), 1, {});
  ASSERT_TRUE(wide.ok()) << wide.status();
  const std::string port = wide->addresses()[0].substr(1);
  const auto next = ListenerSet::Make(ConfigWith({"192.0.2.1" + port}), 1, *wide);
  EXPECT_EQ(std::string(next.status().message()),
            absl::StrCat("bind 192.0.2.1", port, ": Cannot assign requested address"));
  EXPECT_EQ(config::FieldOf(next.status()), "listen[0].address");
}

}  // namespace
}  // namespace muster::master
