// Deployments and the shared zone over a real exec: a program saves them and executes another one
// in its place, which is this test again. That one takes over, or executes the first one again.

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/listen/address.h"
#include "muster/loop/event_loop.h"
#include "muster/master/config/identified_config.h"
#include "muster/master/deployment/deployments.h"
#include "muster/master/deployment/zone_state.h"
#include "muster/master/keep/descriptor_inheritance.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/master/keep/shared_table.h"
#include "muster/proto/state/deployment_state.pb.h"

namespace muster::master {
namespace {

// An object of the user zone.
struct Account {
  std::int64_t balance;
};

// A line that the test waits for.
void Say(int control, absl::string_view line) {
  const std::string text = absl::StrCat(line, "\n");
  MUSTER_CHECK(::write(control, text.data(), text.size()) == static_cast<ssize_t>(text.size()),
               "the test reads");
}

[[noreturn]] void Fail(int control, absl::string_view what, const absl::Status& status) {
  Say(control, absl::StrCat(what, ": ", status.ToString()));
  ::_exit(9);
}

// What one program of the process has.
struct Program {
  std::unique_ptr<loop::EventLoop> loop = *loop::EventLoop::Create();
  std::unique_ptr<Deployments> deployments;
  std::unique_ptr<worker::SharedZone> zone;

  const ListenerSet& listeners() const { return deployments->current()->listeners; }
};

// Saves all, and executes this test with the arguments in its place.
[[noreturn]] void ExecuteNext(const Program& program, int control, const std::string& mode) {
  DescriptorKeep keep;
  SharedTable<worker::UserZone> zones;
  auto state = program.deployments->Save(keep, zones);
  if (!state.ok()) Fail(control, "save", state.status());
  *state->mutable_user_zone() = SaveUserZones(zones, keep);
  const std::string shared = SaveSharedZone(*program.zone, keep).SerializeAsString();
  const std::string bytes = state->SerializeAsString();
  const int file = ::memfd_create("state", 0);
  MUSTER_CHECK(
      ::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
          ::write(file, shared.data(), shared.size()) == static_cast<ssize_t>(shared.size()),
      "the state is written");
  if (const absl::Status passed = keep.Pass(); !passed.ok()) Fail(control, "pass", passed);
  ::execl("/proc/self/exe", "muster", "--next", mode.c_str(), absl::StrCat(control).c_str(),
          absl::StrCat(file).c_str(), absl::StrCat(bytes.size()).c_str(),
          absl::StrJoin(keep.numbers(), ",").c_str(), nullptr);
  Fail(control, "exec", absl::UnknownError("failed"));
}

// The first program: a configuration of each kind of socket, and an earlier one.
[[noreturn]] void RunFirst(const std::string& folder, int control, const std::string& mode) {
  Program program;
  const std::string file = folder + "/m.textproto";
  const auto read = [&](const std::string& lines) {
    std::ofstream(file) << "http { location { path: '/' return {} } }\n" << lines;
    auto checked = ReadIdentifiedFile(file, folder, nullptr);
    if (!checked.ok()) Fail(control, "read", checked.status());
    return *std::move(checked);
  };
  const std::string lines =
      "worker_processes: 2 listen { address: '127.0.0.1:0' } listen { address: 'unix:site' }\n"
      "admin { listen: 'unix:admin' metrics { listen: '127.0.0.1:0' } }\n"
      "zone { name: 'z' size_bytes: 4096 }\n";
  WorkerFinder finder("/bin/sh");
  auto first = PrepareDeployment(read(lines), finder, ListenerSet());
  if (!first.ok()) Fail(control, "prepare", first.status());
  auto deployments = Deployments::Create(*program.loop, {file, folder, "/bin/sh"},
                                         *std::move(first), [](LoadId, const absl::Status&) {});
  if (!deployments.ok()) Fail(control, "create", deployments.status());
  program.deployments = *std::move(deployments);
  program.deployments->ListenOnNext().IgnoreError();
  program.deployments->Commit(1);
  program.deployments->LoadAgain(1, 1, 0).IgnoreError();
  program.deployments->Commit(2, 1);
  {
    const worker::UserZone& zone = *program.deployments->current()->zones[0];
    auto participant = zone.zone().Join();
    if (!participant.ok()) Fail(control, "join", participant.status());
    (*zone.Get<Account>("account"))->balance = 42;
  }
  program.zone = std::make_unique<worker::SharedZone>(*worker::SharedZone::Create(8));
  MUSTER_CHECK(program.zone->Reserve().ok() && program.zone->Reserve().ok(), "there is room");
  program.zone->stats(1).requests.Add(5);
  Say(control, absl::StrJoin(program.listeners().addresses(), " "));
  // The test connects now; the next program accepts.
  char byte;
  MUSTER_CHECK(::read(control, &byte, 1) == 1, "the test says when");
  ExecuteNext(program, control, mode);
}

// Accepts one connection at each socket, and answers it.
void AnswerOnce(const Program& program, int control) {
  std::vector<int> sockets;
  for (const auto& entry : program.listeners().ForWorker(0, 2)) sockets.push_back(entry.fd);
  sockets.push_back(program.listeners().ForAdmin()[0]->fd());
  for (const int socket : sockets) {
    pollfd ready = {socket, POLLIN, 0};
    MUSTER_CHECK(::poll(&ready, 1, 30'000) == 1, "somebody connects");
    const ipc::UniqueFd client(::accept4(socket, nullptr, nullptr, SOCK_CLOEXEC));
    Say(client.get(), "taken over");
  }
  Say(control, absl::StrCat("answered ", sockets.size()));
}

int RunNext(const std::vector<std::string>& arguments) {
  const std::string& mode = arguments[0];
  int control = -1;
  int file = -1;
  std::size_t split = 0;
  MUSTER_CHECK(absl::SimpleAtoi(arguments[1], &control) && absl::SimpleAtoi(arguments[2], &file) &&
                   absl::SimpleAtoi(arguments[3], &split),
               "the numbers are numbers");
  std::set<int> numbers;
  for (const absl::string_view text : absl::StrSplit(arguments[4], ',')) {
    int number = -1;
    MUSTER_CHECK(absl::SimpleAtoi(text, &number), "descriptors are numbers");
    numbers.insert(number);
  }
  struct stat status = {};
  ::fstat(file, &status);
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  MUSTER_CHECK(::pread(file, bytes.data(), bytes.size(), 0) == status.st_size, "it can be read");
  state::v1::DeploymentState state;
  state::v1::SharedZoneState shared;
  MUSTER_CHECK(
      state.ParseFromString(bytes.substr(0, split)) && shared.ParseFromString(bytes.substr(split)),
      "it is a state");

  DescriptorInheritance descriptors(numbers);
  Program program;
  const auto zones = RestoreUserZones(state.user_zone(), descriptors);
  if (!zones.ok()) Fail(control, "zones", zones.status());
  auto deployments = Deployments::Restore(*program.loop, state, descriptors, *zones,
                                          [](LoadId, const absl::Status&) {});
  if (!deployments.ok()) Fail(control, "restore", deployments.status());
  program.deployments = *std::move(deployments);
  auto zone = RestoreSharedZone(shared, descriptors);
  if (!zone.ok()) Fail(control, "shared zone", zone.status());
  program.zone = std::make_unique<worker::SharedZone>(*std::move(zone));
  if (mode == "undo") {
    // It refuses in the middle of all, and destroys what it had. The first program comes back, with
    // the same state and descriptors.
    program.deployments.reset();
    program.zone.reset();
    Say(control, "undone");
    std::vector<std::string> again = arguments;
    ::execl("/proc/self/exe", "muster", "--next", "take", again[1].c_str(), again[2].c_str(),
            again[3].c_str(), again[4].c_str(), nullptr);
    Fail(control, "exec", absl::UnknownError("failed"));
  }
  program.deployments->Begin();
  descriptors.Settle();
  ::close(file);
  const auto account = program.deployments->current()->zones[0]->zone().Find<Account>("account");
  if (!account.ok()) Fail(control, "account", account.status());
  Say(control,
      absl::StrCat("balance ", (*account)->balance, ", requests ",
                   program.zone->stats(1).requests.value(), ", next slot ",
                   program.zone->Reserve()->slot(), ", generations ", state.generation_size()));
  AnswerOnce(program, control);
  if (mode == "chain") ExecuteNext(program, control, "take");
  return 0;
}

class DeploymentsExecTest : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/muster-exec-XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    folder_ = folder;
  }
  void TearDown() override {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
    std::filesystem::remove_all(folder_);
  }

  // Starts the first program, and waits until it serves. The next one does what `mode` says.
  void Start(const std::string& mode) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    child_ = ::fork();
    if (child_ == 0) {
      ::close(ends[0]);
      RunFirst(folder_, ends[1], mode);
    }
    ::close(ends[1]);
    control_.reset(ends[0]);
    const std::vector<std::string> addresses = absl::StrSplit(Line(), ' ');
    ASSERT_EQ(addresses.size(), 2u) << addresses[0];
    addresses_ = {addresses[0], addresses[1], absl::StrCat("unix:", folder_, "/admin")};
  }
  std::string Line() { return LineFrom(control_.get()); }
  static std::string LineFrom(int fd) {
    std::string line;
    char byte;
    while (true) {
      pollfd ready = {fd, POLLIN, 0};
      if (::poll(&ready, 1, 60'000) != 1 || ::read(fd, &byte, 1) != 1) return line + " (cut)";
      if (byte == '\n') return line;
      line.push_back(byte);
    }
  }
  // Clients of all sockets, which nobody has accepted yet.
  std::vector<ipc::UniqueFd> Connect() {
    std::vector<ipc::UniqueFd> clients;
    for (const std::string& text : addresses_) {
      const listen::Address address = *listen::Address::Parse(text);
      clients.emplace_back(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
      EXPECT_EQ(::connect(clients.back().get(), address.get(), address.size()), 0) << text;
    }
    return clients;
  }
  void Go() { ASSERT_EQ(::write(control_.get(), "x", 1), 1); }
  void ExpectAnswers(const std::vector<ipc::UniqueFd>& clients) {
    EXPECT_EQ(Line(), "answered 3");
    for (const ipc::UniqueFd& client : clients) EXPECT_EQ(LineFrom(client.get()), "taken over");
  }
  void ExpectExit() {
    int status = -1;
    ASSERT_EQ(::waitpid(std::exchange(child_, -1), &status, 0) > 0, true);
    EXPECT_EQ(status, 0);
    EXPECT_FALSE(std::filesystem::exists(folder_ + "/site")) << "removed with its socket";
    EXPECT_FALSE(std::filesystem::exists(folder_ + "/admin"));
  }

  std::string folder_;
  pid_t child_ = -1;
  ipc::UniqueFd control_;
  std::vector<std::string> addresses_;
};

constexpr char kWhatItFinds[] = "balance 42, requests 5, next slot 2, generations 2";

TEST_F(DeploymentsExecTest, AreTakenOverByTheNextProgram) {
  Start("take");
  const auto clients = Connect();
  Go();
  EXPECT_EQ(Line(), kWhatItFinds);
  ExpectAnswers(clients);
  ExpectExit();
}

TEST_F(DeploymentsExecTest, AreThereAgainForTheFirstProgramIfTheNextOneGivesUp) {
  Start("undo");
  const auto clients = Connect();
  Go();
  EXPECT_EQ(Line(), "undone");
  EXPECT_EQ(Line(), kWhatItFinds);
  ExpectAnswers(clients);
  ExpectExit();
}

TEST_F(DeploymentsExecTest, AreTakenOverAgainAndAgain) {
  Start("chain");
  const auto clients = Connect();
  const auto later = Connect();
  Go();
  EXPECT_EQ(Line(), kWhatItFinds);
  ExpectAnswers(clients);
  EXPECT_EQ(Line(), "balance 42, requests 5, next slot 3, generations 2");
  ExpectAnswers(later);
  ExpectExit();
}

}  // namespace
}  // namespace muster::master

int main(int argc, char** argv) {
  if (argc == 7 && absl::string_view(argv[1]) == "--next") {
    return muster::master::RunNext({argv + 2, argv + argc});
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
