#include "muster/ipc/base/wake_fd.h"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>

#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"

namespace muster::ipc {
namespace {

bool IsReadable(const WakeFd& wake) {
  pollfd request = {wake.fd(), POLLIN, 0};
  return ::poll(&request, 1, 0) == 1;
}

TEST(WakeFd, IsReadableFromANotificationToADrain) {
  const auto wake = WakeFd::Create();
  ASSERT_TRUE(wake.ok()) << wake.status();
  EXPECT_FALSE(IsReadable(*wake));
  wake->Notify();
  EXPECT_TRUE(IsReadable(*wake));
  wake->Drain();
  EXPECT_FALSE(IsReadable(*wake));
}

TEST(WakeFd, CountsNotificationsOfSeveralProcesses) {
  const auto wake = WakeFd::Create();
  wake->Notify();
  ForkedChild child([&] {
    wake->Notify();
    return 0;
  });
  ASSERT_EQ(child.Join(), 0);
  EXPECT_EQ(wake->Drain(), 2u);
  EXPECT_EQ(wake->Drain(), 0u);
}

TEST(WakeFd, KeepsErrno) {
  errno = ENOENT;
  WakeFd::Notify(-1);
  EXPECT_EQ(errno, ENOENT);
}

TEST(WakeFd, IsADescriptorThatExecCloses) {
  const auto wake = WakeFd::Create();
  EXPECT_EQ(::fcntl(wake->fd(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

}  // namespace
}  // namespace muster::ipc
