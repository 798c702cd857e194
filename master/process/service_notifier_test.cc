#include "muster/master/process/service_notifier.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::master {
namespace {

using ::testing::MatchesRegex;

class ServiceNotifier : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(folder_), nullptr);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    const std::string path = absl::StrCat(folder_, "/notify");
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    ASSERT_EQ(::bind(manager_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("NOTIFY_SOCKET");
    ::unlink(absl::StrCat(folder_, "/notify").c_str());
    ::rmdir(folder_);
  }
  std::string Received() {
    char text[256];
    const ssize_t size = ::recv(manager_.get(), text, sizeof(text), MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(size));
  }

  char folder_[32] = "/tmp/muster-notify-XXXXXX";
  ipc::UniqueFd manager_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

TEST_F(ServiceNotifier, TellsThatItIsReadyAndWhatItServes) {
  NotifyReady("generation 1");
  EXPECT_EQ(Received(), "READY=1\nSTATUS=generation 1\n");
}

TEST_F(ServiceNotifier, TellsTheTimeOfAReloadInTheSameMessage) {
  NotifyReloading();
  EXPECT_THAT(Received(), MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+\n"));
}

TEST_F(ServiceNotifier, TellsThatItStops) {
  NotifyStopping();
  EXPECT_EQ(Received(), "STOPPING=1\n");
}

TEST_F(ServiceNotifier, SaysNothingWithoutAManager) {
  ::unsetenv("NOTIFY_SOCKET");
  NotifyStopping();
  EXPECT_EQ(Received(), "nothing");
}

}  // namespace
}  // namespace muster::master
