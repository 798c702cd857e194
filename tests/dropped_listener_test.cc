// What becomes of the clients of a dropped address when an upgrade, an undo, a trial or a rollback
// follows.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/listen/address.h"
#include "muster/tests/support/installed_program.h"
#include "muster/tests/support/knocking.h"
#include "muster/tests/support/load.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The socket that the process listens with there.
ipc::UniqueFd ListenerOf(pid_t pid, const listen::Address& address) {
  const ipc::UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  for (int number = 0; number < 1000; ++number) {
    ipc::UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), number, 0)));
    int listens = 0;
    socklen_t size = sizeof(listens);
    if (!fd.valid() || ::getsockopt(fd.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0) {
      continue;
    }
    const auto found = listen::Address::OfSocket(fd.get());
    if (listens != 0 && found.ok() && *found == address) return fd;
  }
  return ipc::UniqueFd();
}

// A client whose handshake has begun, and is not over for the server before the client asks.
class HalfConnected {
 public:
  HalfConnected(pid_t server, const std::string& at) {
    const auto address = listen::Address::Parse(at);
    const int patience = 60;
    EXPECT_EQ(::setsockopt(ListenerOf(server, *address).get(), IPPROTO_TCP, TCP_DEFER_ACCEPT,
                           &patience, sizeof(patience)),
              0);
    fd_.reset(::socket(address->family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(fd_.get(), address->get(), address->size()), 0);
  }
  bool IsAnswered() const { return IsAnsweredBy(fd_.get()); }

 private:
  ipc::UniqueFd fd_;
};

// Whether a client is answered that is half connected to a socket when an upgrade, or an undo,
// drops it or follows its drop at once. Nothing: this machine was so slow that the time for its
// handshake was over.
std::optional<bool> IsAnsweredBeforeTheExec(bool is_undo) {
  RunningMaster muster;
  EXPECT_TRUE(muster.Start()) << muster.master().errors();
  const std::string one = muster.address();
  const std::string other = At("127.0.0.2", one);
  const std::string next = InstallProgram(muster, "master/master", "next");
  // What an undo goes back to is to have the same port.
  muster.WriteConfig(ConfigListening({one}));
  EXPECT_EQ(muster.Ctl({"reload"}).exit, 0) << muster.master().errors();
  if (is_undo) {
    EXPECT_EQ(muster.Ctl({"upgrade", "--master", next}).exit, 0) << muster.master().errors();
  }
  muster.WriteConfig(ConfigListening({one, other}));
  EXPECT_EQ(muster.Ctl({"reload"}).exit, 0) << muster.master().errors();
  const HalfConnected client(muster.master().pid(), other);
  muster.WriteConfig(ConfigListening({one}));
  const auto began = std::chrono::steady_clock::now();
  if (!is_undo) {
    EXPECT_EQ(muster.Ctl({"reload"}).exit, 0);
  }
  Finished order;
  std::thread change([&] {
    order = is_undo ? muster.Ctl({"undo"}) : muster.Ctl({"upgrade", "--master", next});
  });
  using admin::v1::Upgrade;
  // The other program is executed as soon as nothing is in the way.
  EXPECT_TRUE(muster.AwaitStatus([&](const admin::v1::Status& status) {
    const Upgrade::State state = status.master().upgrade().state();
    if (!is_undo) return state == Upgrade::CHANGING || state == Upgrade::ON_TRIAL;
    const bool is_back = status.workers_size() == 2 && status.master().generation() > 4;
    return state == Upgrade::UNDONE || (state == Upgrade::UNDOING && is_back);
  }));
  const bool is_answered = client.IsAnswered();
  const bool is_in_time = std::chrono::steady_clock::now() - began < std::chrono::seconds(1);
  change.join();
  EXPECT_EQ(order.exit, 0) << order.errors << muster.master().errors();
  EXPECT_EQ(Knock(other), ECONNREFUSED);
  EXPECT_EQ(Knock(one), 0);
  return is_in_time ? std::optional<bool>(is_answered) : std::nullopt;
}

TEST(DroppedListener, AnswersWhoeverWasHalfConnectedWhenAnUpgradeFollows) {
  for (const bool is_undo : {false, true}) {
    std::optional<bool> is_answered;
    for (int i = 0; i < 5 && !is_answered.has_value(); ++i) {
      is_answered = IsAnsweredBeforeTheExec(is_undo);
    }
    if (!is_answered.has_value()) GTEST_SKIP() << "this machine is too slow to see it";
    EXPECT_TRUE(*is_answered) << (is_undo ? "undo" : "upgrade");
  }
}

// It is the upgraded program that has reserved it for the undo.
TEST(DroppedListener, ServesADroppedAddressAgainAfterTheUndoOfAnUpgrade) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string one = muster.address();
  const std::string other = At("127.0.0.2", one);
  muster.WriteConfig(ConfigListening({one, other}));
  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  const std::string next = InstallProgram(muster, "master/master", "next");
  ASSERT_EQ(muster.Ctl({"upgrade", "--master", next}).exit, 0) << muster.master().errors();
  muster.WriteConfig(ConfigListening({one}));
  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  ASSERT_TRUE(
      muster.AwaitStatus([&](const admin::v1::Status&) { return Knock(other) == ECONNREFUSED; }));
  EXPECT_FALSE(CanBind(other));
  const Finished undo = muster.Ctl({"undo"});
  ASSERT_EQ(undo.exit, 0) << undo.errors;
  EXPECT_NE(ProgramOf(muster.master().pid()), next);
  EXPECT_EQ(Knock(other), 0);
  EXPECT_EQ(Knock(one), 0);
}

TEST(DroppedListener, RefusesClientsOfADroppedAddressDuringATrialAndServesThemAfterARollback) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string one = muster.address();
  const std::string other = At("127.0.0.2", one);
  muster.WriteConfig(ConfigListening({one, other, "unix:a.sock"}));
  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  ASSERT_EQ(Knock(other), 0);
  Load load(one, "/", {.keep_alive = 1, .connection_per_request = 1});

  muster.WriteConfig(ConfigListening({one}, "trial { duration { seconds: 600 } }\n"));
  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  ASSERT_TRUE(
      muster.AwaitStatus([&](const admin::v1::Status&) { return Knock(other) == ECONNREFUSED; }));
  EXPECT_EQ(Knock("unix:" + muster.path("a.sock")), ENOENT);
  // Nobody can take it meanwhile.
  const auto address = listen::Address::Parse(other);
  const ipc::UniqueFd thief(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(thief.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  EXPECT_EQ(::bind(thief.get(), address->get(), address->size()), -1);

  const Finished rollback = muster.Ctl({"rollback"});
  ASSERT_EQ(rollback.exit, 0) << rollback.errors;
  EXPECT_THAT(rollback.output, HasSubstr("a.sock"));
  EXPECT_THAT(rollback.output, Not(HasSubstr(other)));
  EXPECT_EQ(Knock(other), 0);
  EXPECT_EQ(Knock("unix:" + muster.path("a.sock")), 0);
  load.Stop();
  EXPECT_EQ(load.failed(), 0u) << "of " << load.answered();
}

TEST(DroppedListener, GoesBackFromATrialOfAnOverlappingAddress) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string one = muster.address();
  Load load(one, "/", {.keep_alive = 1, .connection_per_request = 1});
  muster.WriteConfig(ConfigListening({At("*", one)}));
  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  muster.WriteConfig(ConfigListening({one}, "trial { duration { seconds: 600 } }\n"));
  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  ASSERT_TRUE(muster.AwaitStatus(
      [&](const admin::v1::Status&) { return Knock(At("127.0.0.3", one)) == ECONNREFUSED; }));
  const Finished rollback = muster.Ctl({"rollback"});
  ASSERT_EQ(rollback.exit, 0) << rollback.errors;
  EXPECT_EQ(Knock(At("127.0.0.3", one)), 0);
  ASSERT_TRUE(load.AwaitMore(20));
  load.Stop();
  EXPECT_EQ(load.failed(), 0u) << "of " << load.answered();
}

TEST(DroppedListener, TakesAnAddressBackThatIsJustBeingDropped) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string one = muster.address();
  const std::string other = At("127.0.0.2", one);
  for (int round = 0; round < 4; ++round) {
    muster.WriteConfig(ConfigListening({one, other}));
    ASSERT_EQ(muster.Ctl({"reload"}).exit, 0) << round;
    EXPECT_EQ(Knock(other), 0) << round;
    muster.WriteConfig(ConfigListening({one}));
    ASSERT_EQ(muster.Ctl({"reload"}).exit, 0) << round;
  }
}

}  // namespace
}  // namespace muster::tests
