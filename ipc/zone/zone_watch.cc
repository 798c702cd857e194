#include "muster/ipc/zone/zone_watch.h"

#include <poll.h>
#include <sys/epoll.h>

#include <stop_token>
#include <utility>

#include "muster/ipc/base/process_identity.h"
#include "muster/ipc/base/status.h"

namespace muster::ipc {
namespace {

constexpr int kLookEveryMilliseconds = 100;

}  // namespace

absl::StatusOr<ZoneWatch> ZoneWatch::Create(Zone zone) {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return ErrnoStatus("epoll_create1");
  ZoneWatch watch(std::move(zone), std::move(epoll));
  MUSTER_RETURN_IF_ERROR(watch.Refresh().status());
  return watch;
}

absl::StatusOr<int> ZoneWatch::Refresh() {
  const Registry& registry = zone_.registry();
  absl::Status first_error;
  for (std::uint32_t slot = 0; slot < registry.capacity(); ++slot) {
    const ParticipantRecord record = *registry.Read(slot);
    // Also one whose process goes on (exec), and whose finder died before it buried.
    if (record.state == ParticipantState::kDead) zone_.Bury(record.tag).IgnoreError();
    const auto watched = watched_.find(slot);
    if (watched != watched_.end() && watched->second.tag == record.tag) continue;
    // Another one has the slot: closing the descriptor takes it out of the epoll, too.
    if (watched != watched_.end()) watched_.erase(watched);
    if (record.state != ParticipantState::kLive || record.pid == 0) continue;
    if (record.pid_namespace != OwnPidNamespace()) continue;
    absl::StatusOr<PidFd> process = PidFd::Open(record.pid);
    // Now that the number stays with the process: is it still the participant's?
    if (!registry.IsLiveNow(record.tag)) continue;
    epoll_event event = {.events = EPOLLIN, .data = {.u32 = slot}};
    if (process.ok() && ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, process->fd(), &event) < 0) {
      process = ErrnoStatus("epoll_ctl EPOLL_CTL_ADD");
    }
    if (process.ok()) {
      watched_.emplace(slot, Watched{record.tag, *std::move(process)});
    } else {
      first_error.Update(process.status());
    }
  }
  MUSTER_RETURN_IF_ERROR(first_error);
  return static_cast<int>(watched_.size());
}

std::vector<OwnerTag> ZoneWatch::BuryDead() {
  std::vector<OwnerTag> buried;
  for (;;) {
    epoll_event event;
    if (::epoll_wait(epoll_.get(), &event, 1, 0) < 1) return buried;
    const auto dead = watched_.extract(event.data.u32);
    if (dead.empty()) return buried;
    const OwnerTag tag = dead.mapped().tag;
    if (zone_.Bury(tag).ok()) buried.push_back(tag);
  }
}

absl::StatusOr<ZoneWatchThread> ZoneWatchThread::Start(Zone zone) {
  MUSTER_ASSIGN_OR_RETURN(ZoneWatch watch, ZoneWatch::Create(std::move(zone)));
  return ZoneWatchThread(std::move(watch));
}

ZoneWatchThread::ZoneWatchThread(ZoneWatch watch)
    : thread_([watch = std::move(watch)](std::stop_token stop) mutable {
        while (!stop.stop_requested()) {
          pollfd dead = {watch.fd(), POLLIN, 0};
          if (::poll(&dead, 1, kLookEveryMilliseconds) > 0) watch.BuryDead();
          // Who cannot be watched for lack of a descriptor is tried again.
          watch.Refresh().IgnoreError();
        }
      }) {}

}  // namespace muster::ipc
