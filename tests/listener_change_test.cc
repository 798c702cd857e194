// What becomes of clients when a reload changes the addresses.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/master/launch/other_users.h"
#include "muster/master/listen/address.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/installed_program.h"
#include "muster/tests/support/load.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kListen[] = "listen { address: \"127.0.0.1:0\" }";

// The usual configuration with these listeners.
std::string Listening(const std::vector<std::string>& addresses, const std::string& more = "") {
  std::string listen;
  for (const std::string& address : addresses) {
    absl::StrAppend(&listen, "listen { address: \"", address, "\" }\n");
  }
  return absl::StrReplaceAll(RunningMaster::Config(more), {{kListen, listen}});
}

std::string PortOf(const std::string& address) { return address.substr(address.rfind(':')); }

// The address with another host, as "127.0.0.2".
std::string At(const std::string& host, const std::string& address) {
  return host + PortOf(address);
}

// Whether a request over this connection gets an answer.
bool IsAnsweredBy(int connection) {
  const timeval patience = {.tv_sec = 30, .tv_usec = 0};
  ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  constexpr char kRequest[] = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  ::send(connection, kRequest, sizeof(kRequest) - 1, MSG_NOSIGNAL);
  char answer[64] = {};
  const ssize_t size = ::recv(connection, answer, sizeof(answer) - 1, MSG_WAITALL);
  return size > 0 && std::string(answer).rfind("HTTP/1.1 200", 0) == 0;
}

// What came of a connection and a request: 0: an answer. ECONNREFUSED and the like: it was not
// connected. -1: it was, and got no answer.
int Knock(const std::string& at) {
  const auto address = master::Address::Parse(at);
  const ipc::UniqueFd fd(::socket(address->family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), address->get(), address->size()) != 0) return errno;
  return IsAnsweredBy(fd.get()) ? 0 : -1;
}

bool CanBind(const std::string& at) {
  const auto address = master::Address::Parse(at);
  const ipc::UniqueFd fd(::socket(address->family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  return ::bind(fd.get(), address->get(), address->size()) == 0;
}

// Clients that knock at an address again and again until Stop.
class Knocking {
 public:
  Knocking(const std::string& address, int clients) {
    for (int i = 0; i < clients; ++i) {
      threads_.emplace_back([this, address] {
        for (int j = 0; j < 1'000'000 && !is_stopped_; ++j) {
          const int outcome = Knock(address);
          ++(outcome == 0 ? answered : outcome > 0 ? refused : cut);
        }
      });
    }
  }
  ~Knocking() { Stop(); }
  void Stop() {
    is_stopped_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  std::atomic<std::uint64_t> answered{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> cut{0};

 private:
  std::atomic<bool> is_stopped_{false};
  std::vector<std::thread> threads_;
};

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
        Listening(is_wide ? std::vector<std::string>{At("*", one)} : narrow, accept));
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
    muster.WriteConfig(Listening({"*:0"}, accept));
    ASSERT_TRUE(muster.Start()) << muster.master().errors();
    const std::string any = muster.address();
    const std::vector<std::string> narrow = {At("127.0.0.1", any), At("127.0.0.2", any)};
    Load first(narrow[0], "/", {.keep_alive = 1, .connection_per_request = 2});
    Load second(narrow[1], "/", {.keep_alive = 1, .connection_per_request = 2});
    ASSERT_TRUE(first.AwaitMore(50));
    muster.WriteConfig(Listening(narrow, accept));
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
  muster.WriteConfig(Listening({any}));
  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  EXPECT_THAT(muster.Status().master().listen(), ElementsAre(any));
  EXPECT_THAT(muster.master().errors(), HasSubstr("listening on " + any));
  EXPECT_THAT(muster.master().errors(), Not(HasSubstr("no longer listening")));
  muster.WriteConfig(Listening({one}));
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
    muster.WriteConfig(Listening({one, other}, round % 2 == 0 ? "accept: REUSEPORT\n" : ""));
    ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
    const std::uint64_t before = clients.answered;
    ASSERT_TRUE(muster.AwaitStatus(
        [&](const admin::v1::Status&) { return clients.answered > before + 100; }));
    muster.WriteConfig(Listening({one}));
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
  muster.WriteConfig(Listening({"127.0.0.1:0", "unix:a.sock"}));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string a = "unix:" + muster.path("a.sock");
  const std::string b = "unix:" + muster.path("b.sock");
  Knocking at_a(a, 3);
  Knocking at_b(b, 3);
  for (int round = 0; round < 6; ++round) {
    muster.WriteConfig(Listening({"127.0.0.1:0", round % 2 == 0 ? "unix:b.sock" : "unix:a.sock"}));
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
  muster.WriteConfig(Listening({other}, more));
  const Finished reload = muster.Ctl({"reload"});
  ASSERT_EQ(reload.exit, 0) << reload.errors;
  const auto response = client.Get("/");
  ASSERT_TRUE(response.has_value()) << muster.master().errors();
  EXPECT_EQ(response->status, 200);
  // Although the stopped workers still have the socket.
  EXPECT_TRUE(
      muster.AwaitStatus([&](const admin::v1::Status&) { return Knock(one) == ECONNREFUSED; }));
  muster.WriteConfig(Listening({one, other}, more));
  EXPECT_EQ(muster.Ctl({"reload"}).exit, 0) << muster.master().errors();
  EXPECT_EQ(Knock(one), 0);
  for (const pid_t pid : workers) ::kill(pid, SIGCONT);
}

// The socket that the process listens with there.
ipc::UniqueFd ListenerOf(pid_t pid, const master::Address& address) {
  const ipc::UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  for (int number = 0; number < 1000; ++number) {
    ipc::UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), number, 0)));
    int listens = 0;
    socklen_t size = sizeof(listens);
    if (!fd.valid() || ::getsockopt(fd.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0) {
      continue;
    }
    const auto found = master::Address::OfSocket(fd.get());
    if (listens != 0 && found.ok() && *found == address) return fd;
  }
  return ipc::UniqueFd();
}

// A client whose handshake has begun, and is not over for the server before the client asks.
class HalfConnected {
 public:
  HalfConnected(pid_t server, const std::string& at) {
    const auto address = master::Address::Parse(at);
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
  muster.WriteConfig(Listening({one}));
  EXPECT_EQ(muster.Ctl({"reload"}).exit, 0) << muster.master().errors();
  if (is_undo) {
    EXPECT_EQ(muster.Ctl({"upgrade", "--master", next}).exit, 0) << muster.master().errors();
  }
  muster.WriteConfig(Listening({one, other}));
  EXPECT_EQ(muster.Ctl({"reload"}).exit, 0) << muster.master().errors();
  const HalfConnected client(muster.master().pid(), other);
  muster.WriteConfig(Listening({one}));
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

TEST(ListenerChange, AnswersWhoeverWasHalfConnectedWhenAnUpgradeFollows) {
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
TEST(ListenerChange, ServesADroppedAddressAgainAfterTheUndoOfAnUpgrade) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string one = muster.address();
  const std::string other = At("127.0.0.2", one);
  muster.WriteConfig(Listening({one, other}));
  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  const std::string next = InstallProgram(muster, "master/master", "next");
  ASSERT_EQ(muster.Ctl({"upgrade", "--master", next}).exit, 0) << muster.master().errors();
  muster.WriteConfig(Listening({one}));
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

TEST(ListenerChange, RefusesClientsOfADroppedAddressDuringATrialAndServesThemAfterARollback) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string one = muster.address();
  const std::string other = At("127.0.0.2", one);
  muster.WriteConfig(Listening({one, other, "unix:a.sock"}));
  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  ASSERT_EQ(Knock(other), 0);
  Load load(one, "/", {.keep_alive = 1, .connection_per_request = 1});

  muster.WriteConfig(Listening({one}, "trial { duration { seconds: 600 } }\n"));
  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  ASSERT_TRUE(
      muster.AwaitStatus([&](const admin::v1::Status&) { return Knock(other) == ECONNREFUSED; }));
  EXPECT_EQ(Knock("unix:" + muster.path("a.sock")), ENOENT);
  // Nobody can take it meanwhile.
  const auto address = master::Address::Parse(other);
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

TEST(ListenerChange, GoesBackFromATrialOfAnOverlappingAddress) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string one = muster.address();
  Load load(one, "/", {.keep_alive = 1, .connection_per_request = 1});
  muster.WriteConfig(Listening({At("*", one)}));
  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  muster.WriteConfig(Listening({one}, "trial { duration { seconds: 600 } }\n"));
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

TEST(ListenerChange, TakesAnAddressBackThatIsJustBeingDropped) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string one = muster.address();
  const std::string other = At("127.0.0.2", one);
  for (int round = 0; round < 4; ++round) {
    muster.WriteConfig(Listening({one, other}));
    ASSERT_EQ(muster.Ctl({"reload"}).exit, 0) << round;
    EXPECT_EQ(Knock(other), 0) << round;
    muster.WriteConfig(Listening({one}));
    ASSERT_EQ(muster.Ctl({"reload"}).exit, 0) << round;
  }
}

}  // namespace
}  // namespace muster::tests
