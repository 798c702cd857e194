// The event descriptors of a zone.

#include <poll.h>

#include <optional>

#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/zone/zone.h"
#include "muster/ipc/zone/zone_fixture.h"

namespace muster::ipc {
namespace {

class ZoneEventFdTest : public ZoneTest {};

bool IsReadable(int fd) {
  pollfd poll = {fd, POLLIN, 0};
  return ::poll(&poll, 1, 0) == 1;
}

TEST_F(ZoneEventFdTest, GivesAnEventFdToWhoHasItsDescriptorOnly) {
  const Zone zone = NewZone();
  const Participant self = Must(zone.Join());
  EXPECT_EQ(zone.GetEventFd("jobs").status().message(),
            "zone object \"jobs\": this process does not have its eventfd; receive it from the "
            "consumer");
  const auto event = Must(zone.MakeEventFd("jobs"));
  EXPECT_EQ(Must(zone.GetEventFd("jobs")), event);
  event->Arm();
  ForkedChild child([&] {
    const Participant other = Must(zone.Join());
    Must(zone.GetEventFd("jobs"))->Notify();
    return 0;
  });
  EXPECT_EQ(child.Join(), 0);
  EXPECT_TRUE(IsReadable(event->fd()));
}

TEST_F(ZoneEventFdTest, BuriesWithoutTheEventFdThatItAskedForInVain) {
  const Zone zone = NewZone();
  std::optional<Participant> self = Must(zone.Join());
  EXPECT_FALSE(zone.GetEventFd("jobs").ok());
  self.reset();
  EXPECT_TRUE(zone.Join().ok());
}

TEST_F(ZoneEventFdTest, WakesTheConsumerOfAnEventFdWhenANotifierDies) {
  const Zone zone = NewZone();
  const Participant self = Must(zone.Join());
  const auto event = Must(zone.MakeEventFd("jobs"));
  const OwnerTag tag = Must(zone.Reserve());
  ForkedChild notifier([&] {
    const Participant other = Must(zone.Join(tag));
    Must(zone.GetEventFd("jobs"));
    ready_->Open();
    never_->Await();
    return 0;
  });
  ready_->Await();
  event->Arm();
  notifier.Kill();
  ASSERT_TRUE(zone.Bury(tag).ok());
  EXPECT_TRUE(IsReadable(event->fd()));
  // And a notification of another one still finds the request.
  event->Drain();
  event->Arm();
  event->Notify();
  EXPECT_TRUE(IsReadable(event->fd()));
}

}  // namespace
}  // namespace muster::ipc
