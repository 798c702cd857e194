// What systemd keeps while the unit is restarted: the queues of listeners, and zones.

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/zone/zone.h"
#include "muster/listen/address.h"
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
using ::testing::SizeIs;

class Store : public Activation {
 protected:
  explicit Store(const std::string& worker = "worker/worker") : Activation(worker) {
    manager_.SetStoreSize(16);
  }
  // Starts, and gives the configuration the port that the kernel chose.
  std::string StartAtItsPort(const std::string& more = "") {
    muster_.WriteConfig(RunningMaster::Config(more));
    if (!manager_.Start()) {
      ADD_FAILURE() << Log();
      return "";
    }
    const std::string address = muster_.address();
    muster_.WriteConfig(ConfigAt(address, more));
    const Finished reload = muster_.Ctl({"reload"});
    EXPECT_EQ(reload.exit, 0) << reload.errors;
    return address;
  }
  bool AwaitStored(std::size_t count) {
    return manager_.Await([&] { return manager_.stored_names().size() == count; });
  }
};

TEST_F(Store, KeepsTheQueueOfClientsOverARestart) {
  const std::string address = StartAtItsPort();
  ASSERT_TRUE(AwaitStored(1));
  EXPECT_THAT(manager_.stored_names(), ElementsAre(ContainsRegex("^muster-listener-[0-9]+$")));
  for (const bool is_killed : {false, true}) {
    if (is_killed) {
      manager_.KillAll();
    } else {
      EXPECT_EQ(muster_.Ctl({"quit"}).exit, 0);
      EXPECT_EQ(muster_.master().Wait(), 0);
    }
    std::vector<Client> clients;
    for (int i = 0; i < 20; ++i) clients.emplace_back(address);
    ASSERT_TRUE(manager_.Start()) << Log();
    for (const Client& client : clients) {
      EXPECT_THAT(client.Answer(), HasSubstr("<h1>first</h1>"));
    }
    EXPECT_THAT(manager_.stored_names(), SizeIs(1));
  }
}

TEST_F(Store, KeepsTheFileOfAUnixSocketWithIt) {
  const std::string path = muster_.path("web.sock");
  muster_.WriteConfig(ConfigAt("unix:web.sock"));
  ASSERT_TRUE(manager_.Start()) << Log();
  ASSERT_TRUE(AwaitStored(1));
  EXPECT_EQ(muster_.Ctl({"quit"}).exit, 0);
  EXPECT_EQ(muster_.master().Wait(), 0);
  const Client between("unix:" + path);
  ASSERT_TRUE(between.is_connected());
  ASSERT_TRUE(manager_.Start()) << Log();
  EXPECT_THAT(between.Answer(), HasSubstr("<h1>first</h1>"));
  // It is the master's own: a reload that drops it removes it, here and there.
  muster_.WriteConfig(RunningMaster::Config());
  ASSERT_EQ(muster_.Ctl({"reload"}).exit, 0);
  EXPECT_TRUE(manager_.Await([&] { return !fs::exists(path); }));
  EXPECT_TRUE(AwaitStored(1)) << "the new address";
}

TEST_F(Store, HasWhatTheConfigurationHas) {
  StartAtItsPort("zone { name: \"a\" size_bytes: 4096 }\n");
  ASSERT_TRUE(AwaitStored(2));
  const std::string listener = manager_.stored_names()[0];
  EXPECT_THAT(manager_.stored_names()[1], ContainsRegex("^muster-zone-[0-9a-f]{16}-a$"));
  const int before = manager_.stores();
  ASSERT_EQ(muster_.Ctl({"reload"}).exit, 0);
  manager_.Read();
  EXPECT_EQ(manager_.stores(), before) << "nothing is new";
  muster_.WriteConfig(RunningMaster::Config("zone { name: \"b\" size_bytes: 4096 }\n"));
  ASSERT_EQ(muster_.Ctl({"reload"}).exit, 0);
  ASSERT_TRUE(manager_.Await([&] { return manager_.stores() == before + 2; }));
  EXPECT_THAT(manager_.stored_names(),
              ElementsAre(AllOf(ContainsRegex("^muster-listener-"), Not(listener)),
                          ContainsRegex("^muster-zone-[0-9a-f]{16}-b$")));
}

TEST_F(Store, LosesWhatTheNextConfigurationDoesNotWant) {
  StartAtItsPort("zone { name: \"a\" size_bytes: 4096 }\n");
  ASSERT_TRUE(AwaitStored(2));
  EXPECT_EQ(muster_.Ctl({"quit"}).exit, 0);
  EXPECT_EQ(muster_.master().Wait(), 0);
  const std::vector<std::string> before = manager_.stored_names();
  muster_.WriteConfig(RunningMaster::Config());
  ASSERT_TRUE(manager_.Start()) << Log();
  ASSERT_TRUE(AwaitStored(1));
  EXPECT_NE(manager_.stored_names()[0], before[0]);
  EXPECT_THAT(Log(),
              HasSubstr("zone a of the service manager's store is dropped: the configuration "
                        "has no zone of this name"));
  EXPECT_THAT(Log(), HasSubstr("of the service manager's store is closed: the configuration does "
                               "not name it"));
}

TEST_F(Store, KeepsNoAddressFromOneThatOverlapsWithIt) {
  const std::string one = StartAtItsPort();
  const std::string any = absl::StrReplaceAll(one, {{"127.0.0.1", "*"}});
  for (const std::string& next : {any, one}) {
    ASSERT_TRUE(AwaitStored(1));
    EXPECT_EQ(muster_.Ctl({"quit"}).exit, 0);
    EXPECT_EQ(muster_.master().Wait(), 0);
    const std::vector<std::string> before = manager_.stored_names();
    muster_.WriteConfig(ConfigAt(next));
    ASSERT_TRUE(manager_.Start()) << Log();
    EXPECT_THAT(Client(one).Answer(), HasSubstr("<h1>first</h1>"));
    ASSERT_TRUE(manager_.Await(
        [&] { return manager_.stored_names().size() == 1 && manager_.stored_names() != before; }));
  }
}

TEST_F(Store, KeepsASocketThatGoesOnWithinAnAddressThatMeansAny) {
  const std::string one = StartAtItsPort();
  muster_.WriteConfig(ConfigAt(absl::StrReplaceAll(one, {{"127.0.0.1", "*"}})));
  ASSERT_EQ(muster_.Ctl({"reload"}).exit, 0);
  ASSERT_TRUE(AwaitStored(2));
  const std::vector<std::string> before = manager_.stored_names();
  EXPECT_EQ(muster_.Ctl({"quit"}).exit, 0);
  EXPECT_EQ(muster_.master().Wait(), 0);
  const Client early(one);
  const Client other(absl::StrReplaceAll(one, {{"127.0.0.1", "127.0.0.2"}}));
  ASSERT_TRUE(manager_.Start()) << Log();
  EXPECT_THAT(early.Answer(), HasSubstr("<h1>first</h1>"));
  EXPECT_THAT(other.Answer(), HasSubstr("<h1>first</h1>"));
  EXPECT_EQ(manager_.stored_names(), before);
}

TEST_F(Store, LosesTheFileOfASocketThatTheNextConfigurationDoesNotWant) {
  const std::string path = muster_.path("web.sock");
  muster_.WriteConfig(ConfigAt("unix:web.sock"));
  ASSERT_TRUE(manager_.Start()) << Log();
  ASSERT_TRUE(AwaitStored(1));
  EXPECT_EQ(muster_.Ctl({"quit"}).exit, 0);
  EXPECT_EQ(muster_.master().Wait(), 0);
  ASSERT_TRUE(fs::exists(path));
  muster_.WriteConfig(RunningMaster::Config());
  ASSERT_TRUE(manager_.Start()) << Log();
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(Store, HasAllSocketsOfReuseport) {
  const std::string address = StartAtItsPort("accept: REUSEPORT\n");
  ASSERT_TRUE(AwaitStored(2));
  EXPECT_EQ(muster_.Ctl({"quit"}).exit, 0);
  EXPECT_EQ(muster_.master().Wait(), 0);
  std::vector<Client> clients;
  for (int i = 0; i < 40; ++i) clients.emplace_back(address);
  ASSERT_TRUE(manager_.Start()) << Log();
  for (const Client& client : clients) {
    EXPECT_THAT(client.Answer(), HasSubstr("<h1>first</h1>"));
  }
  manager_.Read();
  EXPECT_THAT(manager_.stored_names(), SizeIs(2));
}

// With a socket unit: the first worker's socket is its, and the store has that of the second one.
TEST_F(Store, HasTheSocketsOfReuseportThatTheMasterMadeBesideTheManagers) {
  ipc::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const listen::Address any = *listen::Address::Parse("127.0.0.1:0");
  ASSERT_EQ(::bind(socket.get(), any.get(), any.size()), 0);
  ASSERT_EQ(::listen(socket.get(), 64), 0);
  const std::string address = listen::Address::OfSocket(socket.get())->ToString();
  manager_.AddSocket("muster.socket", std::move(socket));
  muster_.WriteConfig(ConfigAt(address, "accept: REUSEPORT\n"));
  ASSERT_TRUE(manager_.Start()) << Log();
  ASSERT_TRUE(AwaitStored(1));
  const std::vector<std::string> before = manager_.stored_names();
  EXPECT_EQ(muster_.Ctl({"quit"}).exit, 0);
  EXPECT_EQ(muster_.master().Wait(), 0);
  std::vector<Client> clients;
  for (int i = 0; i < 40; ++i) clients.emplace_back(address);
  ASSERT_TRUE(manager_.Start()) << Log();
  for (const Client& client : clients) {
    EXPECT_THAT(client.Answer(), HasSubstr("<h1>first</h1>"));
  }
  EXPECT_EQ(manager_.stored_names(), before);
}

TEST_F(Store, IsNotSentAgainByTheNextProgram) {
  const std::string address = StartAtItsPort("zone { name: \"a\" size_bytes: 4096 }\n");
  ASSERT_TRUE(AwaitStored(2));
  const int before = manager_.stores();
  ASSERT_EQ(muster_.Ctl({"upgrade"}).exit, 0) << Log();
  ASSERT_EQ(muster_.Ctl({"commit"}).exit, 0);
  muster_.WriteConfig(ConfigAt(address));
  ASSERT_EQ(muster_.Ctl({"reload"}).exit, 0);
  EXPECT_TRUE(AwaitStored(1)) << "it knows what the program before has left there";
  EXPECT_EQ(manager_.stores(), before);
}

TEST_F(Store, IsNotUsedWithoutRoom) {
  manager_.SetStoreSize(0);
  muster_.WriteConfig(ConfigAt("unix:web.sock"));
  ASSERT_TRUE(manager_.Start()) << Log();
  ASSERT_EQ(muster_.Ctl({"reload"}).exit, 0);
  EXPECT_EQ(muster_.Ctl({"quit"}).exit, 0);
  EXPECT_EQ(muster_.master().Wait(), 0);
  manager_.Read();
  EXPECT_EQ(manager_.stores(), 0);
  EXPECT_FALSE(fs::exists(muster_.path("web.sock")));
}

// ---- Zones ----

class StoredZone : public Store {
 protected:
  static constexpr char kHandler[] = "location { path: \"/counter/\" handler: \"counter\" }\n";

  StoredZone() : Store("examples/counter/counter") { Write(65536); }

  void Write(int size_bytes) {
    muster_.WriteConfig(RunningMaster::Config(
        absl::StrCat("zone { name: \"counters\" size_bytes: ", size_bytes, " }\n"), kHandler));
  }
  void Add() {
    HttpClient client(muster_.address());
    ASSERT_TRUE(client.Send("POST /counter/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n3"));
    EXPECT_TRUE(client.Receive().has_value());
  }
  std::string Value() {
    const auto response = FetchOnce(muster_.address(), "/counter/a");
    return response.has_value() ? response->body : "no answer";
  }
  // The master's descriptor of the memory, opened again.
  ipc::UniqueFd OpenZone() {
    const std::string folder = absl::StrCat("/proc/", muster_.master().pid(), "/fd");
    for (const auto& entry : fs::directory_iterator(folder)) {
      std::error_code error;
      const std::string target = fs::read_symlink(entry.path(), error).string();
      if (!absl::StrContains(target, "memfd:muster-zone-counters")) continue;
      return ipc::UniqueFd(::open(entry.path().c_str(), O_RDWR | O_CLOEXEC));
    }
    return ipc::UniqueFd();
  }
};

TEST_F(StoredZone, KeepsItsContentsThroughTheDeathOfAllWithALockHeld) {
  ASSERT_TRUE(manager_.Start()) << Log();
  Add();
  ASSERT_EQ(Value(), "3\n");
  ASSERT_TRUE(AwaitStored(2));
  // One more participant, which dies with the lock that each request needs.
  ipc::UniqueFd memory = OpenZone();
  ASSERT_TRUE(memory.valid());
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t holder = ::fork();
  if (holder == 0) {
    const auto zone = ipc::Zone::Open(std::move(memory));
    MUSTER_CHECK(zone.ok(), "the zone is open");
    const auto self = zone->Join();
    MUSTER_CHECK(self.ok(), "it takes part");
    (*zone->Get<ipc::ZoneMutex>("mutex"))->lock();
    MUSTER_CHECK(::write(ends[1], "x", 1) == 1, "write");
    while (true) ::pause();
  }
  ::close(ends[1]);
  char byte;
  ASSERT_EQ(::read(ends[0], &byte, 1), 1);
  manager_.KillAll();
  ::kill(holder, SIGKILL);
  ::waitpid(holder, nullptr, 0);

  ASSERT_TRUE(manager_.Start()) << Log();
  EXPECT_THAT(Log(), HasSubstr("zone counters goes on with what it had"));
  EXPECT_EQ(Value(), "3\n");
  Add();
  EXPECT_EQ(Value(), "6\n");
}

TEST_F(StoredZone, HasTheMetricsOfTheServiceToo) {
  muster_.WriteConfig(
      RunningMaster::Config("zone { name: \"counters\" size_bytes: 65536 }\nmetrics {}\n",
                            absl::StrCat(kHandler, "location { path: '/metrics' metrics {} }\n")));
  const auto has_counted = [this](int changes) {
    const auto page = FetchOnce(muster_.address(), "/metrics");
    return page.has_value() &&
           absl::StrContains(page->body, absl::StrCat("\ncounter_changes_total{outcome=\"added\"} ",
                                                      changes, "\n"));
  };
  ASSERT_TRUE(manager_.Start()) << Log();
  Add();
  ASSERT_TRUE(has_counted(1));
  ASSERT_TRUE(AwaitStored(3));
  manager_.KillAll();

  ASSERT_TRUE(manager_.Start()) << Log();
  EXPECT_TRUE(has_counted(1));
  Add();
  EXPECT_TRUE(has_counted(2));
}

TEST_F(StoredZone, IsMadeAnewWithAnotherSize) {
  ASSERT_TRUE(manager_.Start()) << Log();
  Add();
  ASSERT_TRUE(AwaitStored(2));
  const std::vector<std::string> before = manager_.stored_names();
  manager_.KillAll();
  Write(131072);
  ASSERT_TRUE(manager_.Start()) << Log();
  EXPECT_THAT(Log(),
              HasSubstr("zone counters of the service manager's store is not used, a new one "
                        "is made: zone \"counters\": its largest size in bytes is "));
  EXPECT_THAT(Value(), HasSubstr("there is no such counter"));
  ASSERT_TRUE(manager_.Await([&] {
    return manager_.stored_names().size() == 2 && manager_.stored_names()[1] != before[1];
  }));
}

TEST_F(StoredZone, MayBeBrokenByWhoeverWroteIt) {
  ASSERT_TRUE(manager_.Start()) << Log();
  Add();
  ASSERT_TRUE(AwaitStored(2));
  const ipc::UniqueFd memory = OpenZone();
  manager_.KillAll();
  struct stat file = {};
  ASSERT_EQ(::fstat(memory.get(), &file), 0);
  const std::string garbage(static_cast<std::size_t>(file.st_size), '\xa5');
  ASSERT_EQ(::pwrite(memory.get(), garbage.data(), garbage.size(), 0), file.st_size);
  ASSERT_TRUE(manager_.Start()) << Log();
  EXPECT_THAT(Log(),
              HasSubstr("zone counters of the service manager's store is not used, a new one "
                        "is made: zone \"counters\": "));
  EXPECT_THAT(Value(), HasSubstr("there is no such counter"));
}

// ---- A manager that does not read ----

TEST_F(Store, DoesNotWaitForAManagerThatDoesNotRead) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, manager_.notify_path().c_str(), sizeof(address.sun_path) - 1);
  const ipc::UniqueFd other(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  while (::sendto(other.get(), "X=1", 3, 0, reinterpret_cast<const sockaddr*>(&address),
                  sizeof(address)) == 3) {
    continue;
  }
  manager_.Launch();
  // It is written when the first generation serves.
  while (!fs::exists(muster_.path("muster.pid"))) ASSERT_FALSE(muster_.master().has_ended());
  muster_.Connect();
  EXPECT_TRUE(FetchOnce(muster_.address(), "/").has_value());
  EXPECT_EQ(muster_.Ctl({"reload"}).exit, 0);
  EXPECT_TRUE(AwaitStored(1)) << "what it did not take comes when it reads";
}

}  // namespace
}  // namespace muster::tests
