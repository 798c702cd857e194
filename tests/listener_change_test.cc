// What becomes of clients when a reload changes the addresses.

#include <signal.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/launch/other_users.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/knocking.h"
#include "muster/tests/support/load.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ListenerChange, FailsNoRequestWhileAnAddressBecomesWiderAndNarrower) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string one = muster.address();
  Load load(one, "/", {.keep_alive = 2, .connection_per_request = 2});
  const std::vector<std::string> narrow = {one, At("127.0.0.2", one)};
  for (int round = 0; round < 12; ++round) {
    const bool is_wide = round % 2 == 0;
    // Each of the four moves with and without a socket for each worker, and from one to the other.
    const std::string accept = round % 3 == 0 ? "accept: REUSEPORT\n" : "";
    muster.WriteConfig(
        ConfigListening(is_wide ? std::vector<std::string>{At("*", one)} : narrow, accept));
    const Finished reload = muster.Ctl({"reload"});
    ASSERT_EQ(reload.exit, 0) << reload.errors;
    ASSERT_TRUE(load.AwaitMore(50)) << "round " << round;
    EXPECT_EQ(Knock(At("127.0.0.2", one)), 0) << "round " << round;
    if (is_wide) {
      EXPECT_EQ(Knock(At("127.0.0.3", one)), 0) << "round " << round;
    }
  }
  load.Stop();
  EXPECT_EQ(load.failed(), 0u) << "of " << load.answered();
  EXPECT_EQ(load.closed(), 0u);
  // The last one is narrow. Without the right to attach a filter clients are held off in a moment.
  EXPECT_TRUE(muster.AwaitStatus(
      [&](const admin::v1::Status&) { return Knock(At("127.0.0.3", one)) == ECONNREFUSED; }));
}

// The new sockets take the clients of one that is dropped.
TEST(ListenerChange, FailsNoRequestWhileSingleAddressesReplaceTheOneThatMeansAny) {
  for (const std::string accept : {"", "accept: REUSEPORT\n"}) {
    RunningMaster muster;
    muster.WriteConfig(ConfigListening({"*:0"}, accept));
    ASSERT_TRUE(muster.Start()) << muster.master().errors();
    const std::string any = muster.address();
    const std::vector<std::string> narrow = {At("127.0.0.1", any), At("127.0.0.2", any)};
    Load first(narrow[0], "/", {.keep_alive = 1, .connection_per_request = 2});
    Load second(narrow[1], "/", {.keep_alive = 1, .connection_per_request = 2});
    ASSERT_TRUE(first.AwaitMore(50));
    muster.WriteConfig(ConfigListening(narrow, accept));
    const Finished reload = muster.Ctl({"reload"});
    ASSERT_EQ(reload.exit, 0) << reload.errors;
    ASSERT_TRUE(first.AwaitMore(50));
    ASSERT_TRUE(second.AwaitMore(50));
    ASSERT_TRUE(muster.AwaitStatus(
        [&](const admin::v1::Status&) { return Knock(At("127.0.0.3", any)) == ECONNREFUSED; }));
    first.Stop();
    second.Stop();
    EXPECT_EQ(first.failed() + second.failed(), 0u);
    EXPECT_EQ(first.closed() + second.closed(), 0u);
  }
}

TEST(ListenerChange, NamesOnlyWhatIsNoLongerServed) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string one = muster.address();
  const std::string any = At("*", one);
  muster.WriteConfig(ConfigListening({any}));
  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  EXPECT_THAT(muster.Status().master().listen(), ElementsAre(any));
  EXPECT_THAT(muster.master().errors(), HasSubstr("listening on " + any));
  EXPECT_THAT(muster.master().errors(), Not(HasSubstr("no longer listening")));
  muster.WriteConfig(ConfigListening({one}));
  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  EXPECT_THAT(muster.master().errors(), HasSubstr("no longer listening on " + any));
}

TEST(ListenerChange, AnswersWhoeverWasConnectedToADroppedAddress) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string one = muster.address();
  const std::string other = At("127.0.0.2", one);
  Load load(one, "/", {.keep_alive = 1, .connection_per_request = 0});
  Knocking clients(other, 4);
  for (int round = 0; round < 5; ++round) {
    muster.WriteConfig(ConfigListening({one, other}, round % 2 == 0 ? "accept: REUSEPORT\n" : ""));
    ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
    const std::uint64_t before = clients.answered;
    ASSERT_TRUE(muster.AwaitStatus(
        [&](const admin::v1::Status&) { return clients.answered > before + 100; }));
    muster.WriteConfig(ConfigListening({one}));
    ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
    const std::uint64_t refused = clients.refused;
    ASSERT_TRUE(
        muster.AwaitStatus([&](const admin::v1::Status&) { return clients.refused > refused; }));
  }
  clients.Stop();
  load.Stop();
  EXPECT_EQ(clients.cut, 0u) << "of " << clients.answered;
  EXPECT_EQ(load.failed(), 0u) << "of " << load.answered();
}

TEST(ListenerChange, AnswersWhoeverWasConnectedToAUnixSocketThatMoved) {
  RunningMaster muster;
  muster.WriteConfig(ConfigListening({"127.0.0.1:0", "unix:a.sock"}));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string a = "unix:" + muster.path("a.sock");
  const std::string b = "unix:" + muster.path("b.sock");
  Knocking at_a(a, 3);
  Knocking at_b(b, 3);
  for (int round = 0; round < 6; ++round) {
    muster.WriteConfig(
        ConfigListening({"127.0.0.1:0", round % 2 == 0 ? "unix:b.sock" : "unix:a.sock"}));
    ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
    EXPECT_EQ(Knock(round % 2 == 0 ? b : a), 0);
    EXPECT_EQ(Knock(round % 2 == 0 ? a : b), ENOENT);
  }
  at_a.Stop();
  at_b.Stop();
  EXPECT_GT(at_a.answered + at_b.answered, 0u);
  EXPECT_EQ(at_a.cut + at_b.cut, 0u) << "of " << at_a.answered + at_b.answered;
}

// The workers that could accept are stopped, and those that serve run as another user than the
// master, which gives them the connection.
TEST(ListenerChange, GivesNewWorkersAConnectionThatNoOldOneHasAccepted) {
  NEEDS_OTHER_USERS();
  const std::string more = "user: 'nobody' drain_ack_timeout { nanos: 100000000 }\n";
  RunningMaster muster(RunningMaster::Config(more));
  for (const char* path : {"", "site", "access.log"}) {
    WriteFile(muster.path("access.log"), "");
    ASSERT_EQ(::chmod(muster.path(path).c_str(), 0777), 0);
  }
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string one = muster.address();
  const std::string other = At("127.0.0.2", one);
  const std::vector<pid_t> workers = muster.WorkerPids();
  for (const pid_t pid : workers) ::kill(pid, SIGSTOP);
  HttpClient client(one);
  ASSERT_TRUE(client.is_connected());
  muster.WriteConfig(ConfigListening({other}, more));
  const Finished reload = muster.Ctl({"reload"});
  ASSERT_EQ(reload.exit, 0) << reload.errors;
  const auto response = client.Get("/");
  ASSERT_TRUE(response.has_value()) << muster.master().errors();
  EXPECT_EQ(response->status, 200);
  // Although the stopped workers still have the socket.
  EXPECT_TRUE(
      muster.AwaitStatus([&](const admin::v1::Status&) { return Knock(one) == ECONNREFUSED; }));
  muster.WriteConfig(ConfigListening({one, other}, more));
  EXPECT_EQ(muster.Ctl({"reload"}).exit, 0) << muster.master().errors();
  EXPECT_EQ(Knock(one), 0);
  for (const pid_t pid : workers) ::kill(pid, SIGCONT);
}

}  // namespace
}  // namespace muster::tests
