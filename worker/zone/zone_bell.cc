#include "muster/worker/zone/zone_bell.h"

#include <utility>

#include "muster/ipc/base/status.h"

namespace muster::worker {

absl::StatusOr<std::unique_ptr<ZoneBell>> ZoneBell::Watch(loop::EventLoop& loop,
                                                          const UserZone& zone,
                                                          std::function<void()> callback) {
  std::unique_ptr<ZoneBell> bell(new ZoneBell(loop, zone, std::move(callback)));
  // Edge-triggered: each ring is an event for every epoll set that has the eventfd, and nobody need
  // read it, which would take the event from the others.
  MUSTER_RETURN_IF_ERROR(loop.Add(zone.bell_fd(), EPOLLIN | EPOLLET, bell.get()));
  bell->is_added_ = true;
  return bell;
}

ZoneBell::~ZoneBell() {
  if (is_added_) loop_.Remove(zone_.bell_fd(), this);
}

void ZoneBell::OnEvents(std::uint32_t) { callback_(); }

}  // namespace muster::worker
