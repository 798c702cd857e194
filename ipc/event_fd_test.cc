#include "ipc/event_fd.h"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>

#include "gtest/gtest.h"
#include "ipc/testing/forked_child.h"

namespace muster::ipc {
namespace {

bool IsReadable(const EventFd& event) {
  pollfd request = {event.fd(), POLLIN, 0};
  return ::poll(&request, 1, 0) == 1;
}

TEST(EventFd, IsReadableFromANotificationToADrain) {
  const auto event = EventFd::Create();
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_FALSE(IsReadable(*event));
  event->Notify();
  EXPECT_TRUE(IsReadable(*event));
  event->Drain();
  EXPECT_FALSE(IsReadable(*event));
}

TEST(EventFd, CountsNotificationsOfSeveralProcesses) {
  const auto event = EventFd::Create();
  event->Notify();
  ForkedChild child([&] {
    event->Notify();
    return 0;
  });
  ASSERT_EQ(child.Join(), 0);
  EXPECT_EQ(event->Drain(), 2u);
  EXPECT_EQ(event->Drain(), 0u);
}

TEST(EventFd, KeepsErrno) {
  errno = ENOENT;
  EventFd::Notify(-1);
  EXPECT_EQ(errno, ENOENT);
}

TEST(EventFd, IsADescriptorThatExecCloses) {
  const auto event = EventFd::Create();
  EXPECT_EQ(::fcntl(event->fd(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

}  // namespace
}  // namespace muster::ipc
