#include "muster/master/deployment/deployments.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/listen/address.h"
#include "muster/loop/run_until.h"
#include "muster/master/config/identified_config.h"
#include "muster/master/listen/listener.h"

namespace muster::master {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DeploymentsTest : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/muster-deployments-XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    folder_ = folder;
  }
  void TearDown() override {
    deployments_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Write(const std::string& lines) const {
    std::ofstream(file()) << "http { location { path: '/' return {} } }\n" << lines;
  }
  // With a first deployment of these lines.
  void Create(const std::string& lines) {
    Write(lines);
    const auto checked = ReadIdentifiedFile(file(), folder_, nullptr);
    ASSERT_TRUE(checked.ok()) << checked.status();
    WorkerFinder finder(kProgram);
    auto first = PrepareDeployment(*checked, finder, ListenerSet());
    ASSERT_TRUE(first.ok()) << first.status();
    auto deployments =
        Deployments::Create(*loop_, {file(), folder_, kProgram}, *std::move(first),
                            [this](LoadId, const absl::Status& status) { loaded_ = status; });
    ASSERT_TRUE(deployments.ok()) << deployments.status();
    deployments_ = *std::move(deployments);
  }
  // And it serves.
  void Serve(const std::string& lines) {
    Create(lines);
    ASSERT_TRUE(deployments_->ListenOnNext().ok());
    deployments_->Commit(++generation_);
  }
  absl::Status Load() {
    loaded_.reset();
    if (const absl::Status status = deployments_->LoadNext(++load_); !status.ok()) return status;
    EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return loaded_.has_value(); }));
    return loaded_.value_or(absl::UnknownError("nothing came of it"));
  }
  void AwaitRetirement() const {
    ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return !deployments_->is_retiring(); }));
  }
  static std::string AddressOf(const Deployment& deployment) {
    return deployment.listeners.addresses().at(0);
  }
  static bool Connects(const std::string& text) {
    const listen::Address address = *listen::Address::Parse(text);
    const ipc::UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    return ::connect(fd.get(), address.get(), address.size()) == 0;
  }
  std::string file() const { return folder_ + "/m.textproto"; }

  static constexpr char kProgram[] = "/bin/sh";  // any

  std::string folder_;
  const std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  LoadId load_ = 0;
  std::uint64_t generation_ = 0;
  std::optional<absl::Status> loaded_;
  std::unique_ptr<Deployments> deployments_;
};

TEST_F(DeploymentsTest, BeginWithTheFirstAsTheNext) {
  Create("listen { address: '127.0.0.1:0' }");
  EXPECT_EQ(deployments_->current(), nullptr);
  ASSERT_NE(deployments_->next(), nullptr);
  EXPECT_EQ(deployments_->shown(), deployments_->next());
}

TEST_F(DeploymentsTest, HaveNoNextOnceItIsTheCurrentOne) {
  Serve("listen { address: '127.0.0.1:0' }");
  ASSERT_NE(deployments_->current(), nullptr);
  EXPECT_EQ(deployments_->next(), nullptr);
  EXPECT_EQ(deployments_->shown(), deployments_->current());
  EXPECT_TRUE(Connects(AddressOf(*deployments_->current())));
}

TEST_F(DeploymentsTest, LoadTheNextFromTheFile) {
  Serve("worker_processes: 2 listen { address: '127.0.0.1:0' }");
  Write("worker_processes: 3 listen { address: '127.0.0.1:0' }");
  ASSERT_TRUE(Load().ok()) << *loaded_;
  EXPECT_EQ(deployments_->next()->config.worker_processes(), 3u);
  EXPECT_EQ(deployments_->current()->config.worker_processes(), 2u);
  EXPECT_EQ(AddressOf(*deployments_->next()), AddressOf(*deployments_->current()));
}

TEST_F(DeploymentsTest, HaveNoNextAfterALoadThatFailed) {
  Serve("listen { address: '127.0.0.1:0' }");
  Write("listen { address: 'nonsense' }");
  EXPECT_THAT(std::string(Load().message()), HasSubstr(file() + ":2:19: listen[0].address"));
  EXPECT_EQ(deployments_->next(), nullptr);
}

TEST_F(DeploymentsTest, TellThePlaceOfAnAddressOnWhichAnotherSocketListensByNow) {
  Create("listen { address: '127.0.0.1:0' }");
  const listen::Address address = *listen::Address::Parse(AddressOf(*deployments_->next()));
  const ipc::UniqueFd other(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ASSERT_EQ(::setsockopt(other.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
  ASSERT_EQ(::bind(other.get(), address.get(), address.size()), 0);
  ASSERT_EQ(::listen(other.get(), 1), 0);
  EXPECT_THAT(std::string(deployments_->ListenOnNext().message()),
              HasSubstr(file() + ":2:19: listen[0].address"));
}

TEST_F(DeploymentsTest, DropTheNextOnlyForTheLoadThatMadeIt) {
  Serve("listen { address: '127.0.0.1:0' }");
  ASSERT_TRUE(deployments_->LoadAgain(7, generation_, 0).ok());
  deployments_->RollBack(6);
  EXPECT_NE(deployments_->next(), nullptr);
  deployments_->RollBack(7);
  EXPECT_EQ(deployments_->next(), nullptr);
  EXPECT_TRUE(Connects(AddressOf(*deployments_->current())));
}

TEST_F(DeploymentsTest, LeaveTheAdminSocketAsItWasIfTheNextIsRefusedAfterItListened) {
  const std::string path = folder_ + "/admin";
  const auto lines = [&](const std::string& rights) {
    return absl::StrCat("listen { address: '127.0.0.1:0' } admin { listen: 'unix:", path, "' ",
                        rights, " }\n");
  };
  const auto file = [&] {
    struct stat status = {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0);
    return std::to_string(status.st_uid) + " " + std::to_string(status.st_mode & 0777);
  };
  Serve(lines(""));
  const std::string before = file();
  // Only root may give the file to another user; in a user namespace root is root of some only.
  const bool may_give = ::geteuid() == 0 && ::chown(folder_.c_str(), 9, 0) == 0 &&
                        ::chown(folder_.c_str(), 0, 0) == 0;
  Write(lines(may_give ? "mode: '0660' owner: '9'" : "mode: '0660'"));
  ASSERT_TRUE(Load().ok()) << *loaded_;
  ASSERT_TRUE(deployments_->ListenOnNext().ok());
  ASSERT_TRUE(deployments_->ListenOnNext().ok());  // as for a worker that wants listeners first
  EXPECT_NE(file(), before);
  deployments_->RollBack(load_);
  EXPECT_EQ(file(), before);

  ASSERT_TRUE(Load().ok());
  ASSERT_TRUE(deployments_->ListenOnNext().ok());
  const std::string after = file();
  deployments_->Commit(++generation_);
  deployments_->RollBack(load_);
  EXPECT_EQ(file(), after);
  EXPECT_NE(after, before);
}

TEST_F(DeploymentsTest, CloseWhatTheNextDoesNotWantWhenItIsCommitted) {
  Serve("listen { address: '127.0.0.1:0' }");
  const std::string address = AddressOf(*deployments_->current());
  Write(absl::StrCat("listen { address: 'unix:", folder_, "/socket' }"));
  ASSERT_TRUE(Load().ok()) << *loaded_;
  ASSERT_TRUE(deployments_->ListenOnNext().ok());
  EXPECT_TRUE(Connects(address));
  deployments_->Commit(++generation_);
  AwaitRetirement();
  EXPECT_FALSE(Connects(address));
  EXPECT_THAT(deployments_->current()->listeners.addresses(),
              ElementsAre(absl::StrCat("unix:", folder_, "/socket")));
}

TEST_F(DeploymentsTest, ReserveTheAddressesOfTheWayBackUntilTheyAreReleased) {
  Serve(absl::StrCat("listen { address: '127.0.0.1:0' } listen { address: 'unix:", folder_,
                     "/dropped' } zone { name: 'z' size_bytes: 4096 }"));
  const std::string address = AddressOf(*deployments_->current());
  Write(absl::StrCat("listen { address: 'unix:", folder_, "/socket' }"));
  ASSERT_TRUE(Load().ok()) << *loaded_;
  ASSERT_TRUE(deployments_->ListenOnNext().ok());
  deployments_->Commit(2, 1);
  AwaitRetirement();
  EXPECT_FALSE(Connects(address));
  EXPECT_TRUE(absl::IsAlreadyExists(Listener::Probe(*listen::Address::Parse(address))));
  EXPECT_THAT(deployments_->Find(1)->listeners.addresses(), ElementsAre(address));
  EXPECT_EQ(deployments_->Find(1)->zones.size(), 1u);
  deployments_->Release(1);
  EXPECT_TRUE(Listener::Probe(*listen::Address::Parse(address)).ok());
  EXPECT_TRUE(deployments_->Find(1)->zones.empty());
  deployments_->Forget(1);
  EXPECT_EQ(deployments_->Find(1), nullptr);
}

TEST_F(DeploymentsTest, ListenAgainOnWhatTheWayBackHasReserved) {
  Serve(absl::StrCat("listen { address: '127.0.0.1:0' } listen { address: 'unix:", folder_,
                     "/dropped' }"));
  const std::string address = AddressOf(*deployments_->current());
  for (const bool is_over : {true, false}) {
    Write(absl::StrCat("listen { address: 'unix:", folder_, "/socket' }"));
    ASSERT_TRUE(Load().ok()) << *loaded_;
    ASSERT_TRUE(deployments_->ListenOnNext().ok());
    const std::uint64_t before = generation_++;
    deployments_->Commit(generation_, before);
    if (is_over) AwaitRetirement();

    loaded_.reset();
    ASSERT_TRUE(deployments_->LoadAgain(++load_, before, 0).ok());
    ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return loaded_.has_value(); }));
    ASSERT_TRUE(loaded_->ok()) << *loaded_;
    EXPECT_THAT(deployments_->next()->made_anew,
                ElementsAre(absl::StrCat("listener unix:", folder_, "/dropped")));
    ASSERT_TRUE(deployments_->ListenOnNext().ok());
    deployments_->Commit(++generation_);
    EXPECT_EQ(AddressOf(*deployments_->current()), address);
    EXPECT_TRUE(Connects(address));
    AwaitRetirement();
    EXPECT_TRUE(Connects(address));
  }
}

TEST_F(DeploymentsTest, MakeAnEarlierOneAgainAndTellWhatIsNew) {
  Serve("listen { address: '127.0.0.1:0' } zone { name: 'z' size_bytes: 4096 }");
  Write(absl::StrCat("listen { address: 'unix:", folder_, "/socket' }"));
  ASSERT_TRUE(Load().ok()) << *loaded_;
  ASSERT_TRUE(deployments_->ListenOnNext().ok());
  deployments_->Commit(2);
  AwaitRetirement();
  deployments_->Release(1);

  const auto is_there = deployments_->LoadAgain(++load_, 1, 3);
  ASSERT_TRUE(is_there.ok()) << is_there.status();
  EXPECT_FALSE(*is_there) << "it is made in the loader's thread";
  loaded_.reset();
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return loaded_.has_value(); }));
  ASSERT_TRUE(loaded_->ok()) << *loaded_;

  const Deployment& next = *deployments_->next();
  EXPECT_EQ(next.config.worker_processes(), 3u);
  EXPECT_EQ(next.worker, deployments_->Find(1)->worker) << "the same program";
  EXPECT_THAT(next.made_anew,
              ElementsAre(absl::StrCat("listener ", AddressOf(next)), "zone z, empty"));
  EXPECT_TRUE(absl::IsNotFound(deployments_->LoadAgain(++load_, 9, 0).status()));
}

TEST_F(DeploymentsTest, TakeTheZoneOfTheSameSizeForAnEarlierOne) {
  Serve("listen { address: '127.0.0.1:0' } zone { name: 'z' size_bytes: 4096 }");
  const auto zone = deployments_->current()->zones.at(0);
  Write("listen { address: '127.0.0.1:0' }");
  ASSERT_TRUE(Load().ok()) << *loaded_;
  ASSERT_TRUE(deployments_->ListenOnNext().ok());
  deployments_->Commit(2);  // workers of generation 1 have the zone still

  ASSERT_TRUE(deployments_->LoadAgain(++load_, 1, 0).ok());
  loaded_.reset();
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return loaded_.has_value(); }));
  ASSERT_TRUE(loaded_->ok()) << *loaded_;
  EXPECT_EQ(deployments_->next()->zones.at(0), zone);
  EXPECT_TRUE(deployments_->next()->made_anew.empty());
}

TEST_F(DeploymentsTest, CloseAllListeners) {
  Serve("listen { address: '127.0.0.1:0' }");
  const std::string address = AddressOf(*deployments_->current());
  ASSERT_TRUE(deployments_->LoadAgain(7, generation_, 0).ok());
  deployments_->CloseListeners();
  EXPECT_FALSE(Connects(address));
}

TEST_F(DeploymentsTest, RestoreTheHeadersOfTheirZones) {
  Serve("listen { address: '127.0.0.1:0' } zone { name: 'z' size_bytes: 4096 }");
  const worker::UserZone& zone = *deployments_->current()->zones.at(0);
  const auto attach = [&] {
    return worker::UserZone::Attach("z", *ipc::DuplicateFd(zone.memory_fd()),
                                    *ipc::DuplicateFd(zone.bell_fd()))
        .status();
  };
  void* const header =
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, zone.memory_fd(), 0);
  ASSERT_NE(header, MAP_FAILED);
  std::memset(header, 0xff, 4);
  EXPECT_FALSE(attach().ok());
  deployments_->RestoreZones();
  EXPECT_TRUE(attach().ok()) << attach();
  ASSERT_EQ(::munmap(header, 4096), 0);
}

}  // namespace
}  // namespace muster::master
