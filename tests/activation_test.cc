// Sockets that systemd makes and passes.

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/listen/address.h"
#include "muster/proto/admin.pb.h"
#include "muster/tests/support/activation_fixture.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// As systemd makes it for ListenStream=.
ipc::UniqueFd MakeSocket(const std::string& text, int type = SOCK_STREAM, bool listens = true) {
  const listen::Address address = *listen::Address::Parse(text);
  ipc::UniqueFd fd(::socket(address.family(), type | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (address.family() == AF_INET6) {
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  }
  MUSTER_CHECK(::bind(fd.get(), address.get(), address.size()) == 0, "bind");
  if (listens) MUSTER_CHECK(::listen(fd.get(), 64) == 0, "listen");
  return fd;
}

std::string AddressOf(const ipc::UniqueFd& fd) {
  return listen::Address::OfSocket(fd.get())->ToString();
}

TEST_F(Activation, ServesAtASocketThatListenedBeforeItsStart) {
  ipc::UniqueFd socket = MakeSocket("127.0.0.1:0");
  const std::string address = AddressOf(socket);
  muster_.WriteConfig(ConfigAt(address));
  manager_.AddSocket("muster.socket", std::move(socket));
  const Client early(address);
  ASSERT_TRUE(early.is_connected());
  ASSERT_TRUE(manager_.Start()) << Log();
  EXPECT_THAT(early.Answer(), HasSubstr("<h1>first</h1>"));
  EXPECT_THAT(Client(address).Answer(), HasSubstr("<h1>first</h1>"));
  EXPECT_THAT(Log(), HasSubstr(absl::StrCat(
                         address, " is descriptor 3 (muster.socket) of the service manager")));
  EXPECT_THAT(Listening(), ElementsAre(address));

  // The manager has the socket: who connects after the end waits for the next master.
  EXPECT_EQ(muster_.Ctl({"quit"}).exit, 0);
  EXPECT_EQ(muster_.master().Wait(), 0);
  const Client late(address);
  ASSERT_TRUE(late.is_connected());
  ASSERT_TRUE(manager_.Start()) << Log();
  EXPECT_THAT(late.Answer(), HasSubstr("<h1>first</h1>"));
}

TEST_F(Activation, GivesItsChildrenNothingOfWhatSystemdToldIt) {
  ipc::UniqueFd socket = MakeSocket("127.0.0.1:0");
  muster_.WriteConfig(ConfigAt(AddressOf(socket)));
  manager_.AddSocket("muster.socket", std::move(socket));
  manager_.SetStoreSize(8);
  ASSERT_TRUE(manager_.Start()) << Log();
  for (const pid_t pid : muster_.WorkerPids()) {
    const std::string environment = ReadFile(absl::StrCat("/proc/", pid, "/environ"));
    EXPECT_THAT(environment, Not(HasSubstr("LISTEN_")));
    EXPECT_THAT(environment, Not(HasSubstr("FDSTORE")));
  }
}

TEST_F(Activation, TakesSocketsOfIpv6) {
  ipc::UniqueFd socket = MakeSocket("[::1]:0");
  const std::string address = AddressOf(socket);
  muster_.WriteConfig(ConfigAt(address));
  manager_.AddSocket("v6", std::move(socket));
  ASSERT_TRUE(manager_.Start()) << Log();
  EXPECT_THAT(Client(address).Answer(), HasSubstr("<h1>first</h1>"));
}

TEST_F(Activation, LeavesTheFileOfAUnixSocketToItsOwner) {
  const std::string path = muster_.path("web.sock");
  manager_.AddSocket("web", MakeSocket("unix:" + path));
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  muster_.WriteConfig(absl::StrReplaceAll(
      RunningMaster::Config(), {{"\"127.0.0.1:0\"", "\"unix:web.sock\" mode: \"0600\""}}));
  ASSERT_TRUE(manager_.Start()) << Log();
  EXPECT_THAT(Client("unix:" + path).Answer(), HasSubstr("<h1>first</h1>"));
  EXPECT_EQ(muster_.Ctl({"quit"}).exit, 0);
  EXPECT_EQ(muster_.master().Wait(), 0);
  struct stat file = {};
  ASSERT_EQ(::stat(path.c_str(), &file), 0) << "it is the service manager's";
  EXPECT_EQ(file.st_mode & 0777, 0640u) << "as are its rights";
  EXPECT_TRUE(Client("unix:" + path).is_connected());
}

TEST_F(Activation, TakesTheSocketsOfTheMasterItself) {
  ipc::UniqueFd metrics = MakeSocket("127.0.0.1:0");
  const std::string page = AddressOf(metrics);
  muster_.WriteConfig(absl::StrReplaceAll(
      RunningMaster::Config(),
      {{"unix:admin.sock\"",
        absl::StrCat("unix:admin.sock\" metrics { listen: \"", page, "\" }")}}));
  manager_.AddSocket("metrics", std::move(metrics));
  manager_.AddSocket("admin", MakeSocket("unix:" + muster_.path("admin.sock")));
  ASSERT_TRUE(manager_.Start()) << Log();
  EXPECT_EQ(muster_.Ctl({"status"}).exit, 0);
  EXPECT_TRUE(FetchOnce(page, "/metrics").has_value());
}

TEST_F(Activation, WarnsOfASocketThatNobodyAcceptsAt) {
  ipc::UniqueFd socket = MakeSocket("127.0.0.1:0");
  const std::string address = AddressOf(socket);
  manager_.AddSocket("other", std::move(socket));
  ASSERT_TRUE(manager_.Start()) << Log();
  EXPECT_THAT(Log(), HasSubstr(absl::StrCat(
                         "descriptor 3 (other) of the service manager listens on ", address,
                         ", which the configuration does not name: nobody "
                         "accepts there")));
}

TEST_F(Activation, TakesAndLeavesASocketByReloads) {
  ipc::UniqueFd socket = MakeSocket("127.0.0.1:0");
  const std::string address = AddressOf(socket);
  manager_.AddSocket("other", std::move(socket));
  ASSERT_TRUE(manager_.Start()) << Log();
  for (int round = 0; round < 2; ++round) {
    const Client waits(address);
    ASSERT_TRUE(waits.is_connected());
    muster_.WriteConfig(ConfigAt(address));
    const Finished taken = muster_.Ctl({"reload"});
    ASSERT_EQ(taken.exit, 0) << taken.errors;
    EXPECT_THAT(waits.Answer(), HasSubstr("<h1>first</h1>"));
    muster_.WriteConfig(RunningMaster::Config());
    ASSERT_EQ(muster_.Ctl({"reload"}).exit, 0);
    EXPECT_THAT(Listening(), Not(ElementsAre(address)));
  }
}

TEST_F(Activation, NamesWhatIsOfNoUse) {
  ipc::UniqueFd nameless(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un name = {};
  name.sun_family = AF_UNIX;  // and no more: the kernel chooses an abstract name
  ASSERT_EQ(::bind(nameless.get(), reinterpret_cast<sockaddr*>(&name), sizeof(name.sun_family)), 0);
  ASSERT_EQ(::listen(nameless.get(), 1), 0);
  ipc::UniqueFd dual(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::listen(dual.get(), 1), 0);
  manager_.AddSocket("file", ipc::UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)));
  manager_.AddSocket("datagrams", MakeSocket("127.0.0.1:0", SOCK_DGRAM, /*listens=*/false));
  manager_.AddSocket("silent", MakeSocket("127.0.0.1:0", SOCK_STREAM, /*listens=*/false));
  manager_.AddSocket("abstract", std::move(nameless));
  manager_.AddSocket("dual", std::move(dual));
  manager_.AddSocket("gone", MakeSocket("unix:" + muster_.path("gone.sock")));
  fs::remove(muster_.path("gone.sock"));
  ASSERT_TRUE(manager_.Start()) << Log();
  EXPECT_THAT(
      Log(),
      AllOf(
          HasSubstr("descriptor 3 (file) of the service manager is not used: it is no socket\n"),
          HasSubstr("descriptor 4 (datagrams) of the service manager is not used: it is no stream "
                    "socket; use ListenStream=\n"),
          HasSubstr("descriptor 5 (silent) of the service manager is not used: it does not "
                    "listen; use Accept=no\n"),
          HasSubstr("descriptor 6 (abstract) of the service manager is not used: it listens on "
                    "an abstract Unix socket, which no configuration can name\n"),
          ContainsRegex("descriptor 7 \\(dual\\) of the service manager is not used: it listens on "
                        "\\[::\\]:[0-9]+ for IPv4, too; use BindIPv6Only=ipv6-only\n"),
          HasSubstr(absl::StrCat("descriptor 8 (gone) of the service manager is not used: it "
                                 "listens on unix:",
                                 muster_.path("gone.sock"), ", and its file is gone\n"))));
  EXPECT_TRUE(FetchOnce(muster_.address(), "/").has_value());
}

TEST_F(Activation, LeavesAloneWhatIsForAnotherProcess) {
  ipc::UniqueFd socket = MakeSocket("127.0.0.1:0");
  const std::string address = AddressOf(socket);
  manager_.AddSocket("other", std::move(socket));
  manager_.SetVariable("LISTEN_PID=1");
  ASSERT_TRUE(manager_.Start()) << Log();
  EXPECT_THAT(Log(), HasSubstr("the descriptors of LISTEN_FDS are not used: LISTEN_PID has process "
                               "1, and this is process "));
  EXPECT_THAT(Log(), Not(HasSubstr("descriptor 3")));
}

TEST_F(Activation, DoesNotStartWithVariablesThatMakeNoSense) {
  manager_.AddSocket("other", MakeSocket("127.0.0.1:0"));
  for (const auto& [variable, error] : std::vector<std::pair<std::string, std::string>>{
           {"LISTEN_FDS=many", "LISTEN_FDS is \"many\", which is not a number from 0 to 65536"},
           {"LISTEN_FDNAMES=a:b", "LISTEN_FDNAMES is \"a:b\", which is 2 names; LISTEN_FDS is 1"},
           {"LISTEN_FDS=2 LISTEN_FDNAMES=a:b",
            "LISTEN_FDS is 2, but descriptor 4 (b) is not open"}}) {
    manager_.SetVariable(variable);
    EXPECT_FALSE(manager_.Start());
    EXPECT_EQ(muster_.master().Wait(), 1);
    EXPECT_THAT(Log(), HasSubstr(absl::StrCat("cannot start: ", error)));
  }
}

TEST_F(Activation, AddsSocketsForTheOtherWorkersWithReuseport) {
  ipc::UniqueFd socket = MakeSocket("127.0.0.1:0");
  const std::string address = AddressOf(socket);
  muster_.WriteConfig(ConfigAt(address, "accept: REUSEPORT\n"));
  manager_.AddSocket("muster.socket", std::move(socket));
  const Client early(address);
  ASSERT_TRUE(manager_.Start()) << Log();
  EXPECT_THAT(early.Answer(), HasSubstr("<h1>first</h1>")) << "the first socket has one worker";
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(FetchOnce(address, "/").has_value());
  std::size_t serving = 0;
  const admin::v1::Status status = muster_.Status();
  for (const admin::v1::Worker& worker : status.workers()) {
    if (worker.counters().accepted() > 0) ++serving;
  }
  EXPECT_EQ(serving, 2u) << "the other one has a socket, too";
}

TEST_F(Activation, SurvivesAnUpgrade) {
  const std::string path = muster_.path("web.sock");
  ipc::UniqueFd socket = MakeSocket("127.0.0.1:0");
  const std::string address = AddressOf(socket);
  muster_.WriteConfig(absl::StrReplaceAll(
      ConfigAt(address), {{"admin {", "listen { address: \"unix:web.sock\" }\nadmin {"}}));
  manager_.AddSocket("tcp", std::move(socket));
  manager_.AddSocket("web", MakeSocket("unix:" + path));
  ipc::UniqueFd other = MakeSocket("127.0.0.1:0");
  const std::string unused = AddressOf(other);
  manager_.AddSocket("unused", std::move(other));
  ASSERT_TRUE(manager_.Start()) << Log();
  const pid_t pid = muster_.master().pid();
  const Finished upgraded = muster_.Ctl({"upgrade"});
  ASSERT_EQ(upgraded.exit, 0) << upgraded.errors << Log();
  EXPECT_EQ(muster_.Ctl({"commit"}).exit, 0);
  EXPECT_EQ(muster_.Status().master().pid(), pid);
  EXPECT_THAT(Client(address).Answer(), HasSubstr("<h1>first</h1>"));
  const Client waits(unused);
  muster_.WriteConfig(ConfigAt(unused));
  const Finished taken = muster_.Ctl({"reload"});
  ASSERT_EQ(taken.exit, 0) << taken.errors;
  EXPECT_THAT(waits.Answer(), HasSubstr("<h1>first</h1>")) << "the next program has it, too";
  EXPECT_EQ(muster_.Ctl({"quit"}).exit, 0);
  EXPECT_EQ(muster_.master().Wait(), 0);
  EXPECT_TRUE(fs::exists(path)) << "it is still the service manager's";
}
}  // namespace
}  // namespace muster::tests
