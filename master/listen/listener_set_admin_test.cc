// The sockets of the admin service in a ListenerSet.

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/listen/address.h"
#include "muster/master/listen/listener.h"
#include "muster/master/listen/listener_set.h"
#include "muster/master/listen/listener_set_fixture.h"
#include "muster/proto/field_error.h"

namespace muster::master {
namespace {

absl::StatusOr<ListenerSet> Listening(const config::v1::Config& config,
                                      const ListenerSet& current = {}) {
  absl::StatusOr<ListenerSet> set = ListenerSet::Make(config, 1, current);
  if (!set.ok()) return set;
  if (const absl::Status status = set->Listen(); !status.ok()) return status;
  return set;
}

class AdminListeners : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(::mkdtemp(folder_), nullptr); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string Path(const std::string& name) const { return absl::StrCat(folder_, "/", name); }

  char folder_[32] = "/tmp/muster-set-XXXXXX";
};

TEST_F(AdminListeners, KeepTheAdminServiceFromTheWorkers) {
  const auto config = ConfigWithAdmin({"127.0.0.1:0"}, {"unix:" + Path("admin"), "127.0.0.1:0"});
  const auto set = Listening(config);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->addresses().size(), 1u);
  EXPECT_EQ(set->ForWorker(0, 1).size(), 1u);
  ASSERT_EQ(set->ForAdmin().size(), 2u);
  for (const auto& socket : set->ForAdmin()) {
    EXPECT_TRUE(Connects(socket->address().ToString()));
    EXPECT_NE(socket->fd(), set->ForWorker(0, 1)[0].fd);
  }
}

TEST_F(AdminListeners, ListenForTheAdminServiceFirst) {
  const auto config = ConfigWithAdmin({"127.0.0.1:0"}, {"unix:" + Path("admin")});
  auto set = ListenerSet::Make(config, 1, {});
  ASSERT_TRUE(set.ok()) << set.status();
  ASSERT_TRUE(set->ListenForMaster().ok());
  EXPECT_TRUE(Connects("unix:" + Path("admin")));
  EXPECT_FALSE(Connects(set->addresses()[0]));
}

TEST_F(AdminListeners, KeepAnAddressFromPassingToTheAdminServiceOrFromIt) {
  const auto before = Listening(ConfigWithAdmin({"127.0.0.1:0"}, {"127.0.0.1:0"}));
  ASSERT_TRUE(before.ok()) << before.status();
  const std::string service = before->addresses()[0];
  const std::string admin = before->ForAdmin()[0]->address().ToString();
  const auto swapped = ListenerSet::Make(ConfigWithAdmin({admin}, {service}), 1, *before);
  EXPECT_TRUE(absl::IsAlreadyExists(swapped.status()));
  EXPECT_EQ(config::FieldOf(swapped.status()), "listen[0].address");
  EXPECT_NE(std::string(swapped.status().message())
                .find("this master itself listens on " + admin + ", until a reload has left that"),
            std::string::npos)
      << swapped.status();
}

TEST_F(AdminListeners, NameTheFieldOfAnAdminAddressThatIsInUse) {
  const auto other = Listening(ConfigWithAdmin({"127.0.0.1:0"}, {}));
  const auto set = ListenerSet::Make(
      ConfigWithAdmin({"127.0.0.1:0"}, {"unix:" + Path("admin"), other->addresses()[0]}), 1, {});
  EXPECT_TRUE(absl::IsAlreadyExists(set.status()));
  EXPECT_EQ(config::FieldOf(set.status()), "admin.listen[1]");
}

TEST_F(AdminListeners, BindAnAdminSocketAnewWhoseFileWasRemoved) {
  auto config = ConfigWithAdmin({"127.0.0.1:0"}, {"unix:" + Path("admin"), "127.0.0.1:0"});
  config.mutable_admin()->set_mode("0660");
  auto set = Listening(config);
  ASSERT_TRUE(set.ok()) << set.status();
  const auto before = set->ForAdmin();
  ASSERT_TRUE(set->RestoreForMaster().ok());
  EXPECT_EQ(set->ForAdmin(), before) << "nothing was lost";

  ASSERT_EQ(::unlink(Path("admin").c_str()), 0);
  ASSERT_TRUE(set->RestoreForMaster().ok());
  EXPECT_TRUE(Connects("unix:" + Path("admin")));
  struct stat file = {};
  ASSERT_EQ(::stat(Path("admin").c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0660u);
  EXPECT_EQ(set->ForAdmin()[1], before[1]);
}

TEST_F(AdminListeners, LeaveTheAdminSocketOfAnotherProcessThatIsThereByNow) {
  auto set = Listening(ConfigWithAdmin({"127.0.0.1:0"}, {"unix:" + Path("admin")}));
  ASSERT_TRUE(set.ok()) << set.status();
  ASSERT_EQ(::unlink(Path("admin").c_str()), 0);
  auto other = Listener::Bind(*listen::Address::Parse("unix:" + Path("admin")));
  ASSERT_TRUE(other.ok()) << other.status();
  ASSERT_TRUE(other->Listen(1).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(set->RestoreForMaster()));
  set = ListenerSet();
  EXPECT_TRUE(Connects("unix:" + Path("admin")));
}

TEST_F(AdminListeners, HaveNothingButTheAdminService) {
  const auto set = Listening(ConfigWithAdmin({"127.0.0.1:0"}, {"127.0.0.1:0"}));
  const ListenerSet only = set->OnlyForMaster();
  EXPECT_TRUE(only.addresses().empty());
  EXPECT_EQ(only.ForAdmin(), set->ForAdmin());
}

TEST_F(AdminListeners, LetHundredsOfAdminClientsWaitThatCannotWaitInConnect) {
  int most = 0;
  std::ifstream("/proc/sys/net/core/somaxconn") >> most;
  if (most < 200) GTEST_SKIP() << "net.core.somaxconn is " << most;
  const auto set = Listening(ConfigWithAdmin({"127.0.0.1:0"}, {"unix:" + Path("admin")}));
  ASSERT_TRUE(set.ok()) << set.status();
  const listen::Address address = *listen::Address::Parse("unix:" + Path("admin"));
  std::vector<ipc::UniqueFd> clients;
  for (int i = 0; i < 200; ++i) {
    clients.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ASSERT_EQ(::connect(clients.back().get(), address.get(), address.size()), 0) << i;
  }
}

}  // namespace
}  // namespace muster::master
