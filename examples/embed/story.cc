// Two clerks, processes that this one forks, make transfers in a ledger in shared
// memory. The first is killed in the middle of a transfer, with the lock in its hands. The
// second is told so, repairs the ledger and goes on.

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ledger.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/channel/channel.h"
#include "muster/ipc/process/pid_fd.h"
#include "muster/ipc/zone/zone.h"

namespace embed {
namespace {

namespace ipc = muster::ipc;

constexpr int kTransfers = 1000;
constexpr std::uint16_t kInTheMiddle = 1;

// A clerk's part in the zone, from the tag that the parent reserved for it.
struct Desk {
  ipc::Participant self;
  std::shared_ptr<ipc::ZoneMutex> mutex;
  std::shared_ptr<Ledger> ledger;
  std::shared_ptr<ipc::ZoneCounter> transfers;
};

absl::StatusOr<Desk> SitDown(const ipc::Zone& zone, ipc::OwnerTag tag, const char* transfers) {
  MUSTER_ASSIGN_OR_RETURN(ipc::Participant self, zone.Join(tag));
  MUSTER_ASSIGN_OR_RETURN(auto mutex, zone.Get<ipc::ZoneMutex>("ledger.lock"));
  MUSTER_ASSIGN_OR_RETURN(auto ledger, zone.Get<Ledger>("ledger"));
  MUSTER_ASSIGN_OR_RETURN(auto counter, zone.Get<ipc::ZoneCounter>(transfers));
  return Desk{std::move(self), std::move(mutex), std::move(ledger), std::move(counter)};
}

// `body` returns the exit code.
absl::StatusOr<ipc::PidFd> Fork(const std::function<int()>& body) {
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return ipc::ErrnoStatus("fork");
  if (pid > 0) return ipc::PidFd::Open(pid);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  ::_exit(body());
}

int FirstClerk(const ipc::Zone& zone, ipc::OwnerTag tag, ipc::Channel& to_parent) {
  auto desk = SitDown(zone, tag, "transfers.first");
  if (!desk.ok() || desk->mutex->Lock() != ipc::LockOutcome::kAcquired) return 1;
  desk->ledger->BeginTransfer(100);
  std::puts("first:   holds the lock, has taken 100 from one account, put it into none");
  if (!to_parent.Send({.command = kInTheMiddle}).ok()) return 1;
  for (;;) ::pause();
}

int SecondClerk(const ipc::Zone& zone, ipc::OwnerTag tag) {
  auto desk = SitDown(zone, tag, "transfers.second");
  if (!desk.ok() || desk->mutex->Lock() != ipc::LockOutcome::kOwnerDied) return 1;
  std::printf("second:  has the lock, was told kOwnerDied, finds %d in all\n",
              static_cast<int>(desk->ledger->Sum()));
  desk->ledger->Repair();
  desk->mutex->MarkConsistent();
  desk->mutex->Unlock();
  std::printf("second:  took the transfer back: %d in all\n",
              static_cast<int>(desk->ledger->Sum()));
  for (int i = 0; i < kTransfers; ++i) {
    const std::scoped_lock lock(*desk->mutex);
    desk->ledger->Transfer(i % 2 == 0 ? 100 : -100);
    desk->transfers->Add();
  }
  return 0;
}

absl::Status TellStory() {
  MUSTER_ASSIGN_OR_RETURN(const ipc::Zone zone, ipc::Zone::Create(ipc::ZonePlace::Memfd("bank")));
  MUSTER_ASSIGN_OR_RETURN(const ipc::Participant self, zone.Join());
  MUSTER_ASSIGN_OR_RETURN(const auto ledger, zone.Get<Ledger>("ledger"));
  MUSTER_ASSIGN_OR_RETURN(ipc::Channel::Pair channel, ipc::Channel::CreatePair());
  MUSTER_ASSIGN_OR_RETURN(const ipc::OwnerTag first_tag, zone.Reserve());
  MUSTER_ASSIGN_OR_RETURN(const ipc::OwnerTag second_tag, zone.Reserve());
  ledger->Open(700, 300);
  std::puts("parent:  opened a ledger of two accounts, 1000 in all");

  MUSTER_ASSIGN_OR_RETURN(const ipc::PidFd first,
                          Fork([&] { return FirstClerk(zone, first_tag, channel.second); }));
  ipc::ReceivedMessage message;
  MUSTER_RETURN_IF_ERROR(channel.first.Receive(&message).status());
  MUSTER_ASSIGN_OR_RETURN(const ipc::PidFd second,
                          Fork([&] { return SecondClerk(zone, second_tag); }));

  // Before: the second one may find the death by itself, as soon as there is one.
  std::puts("parent:  kills the first clerk; what it holds is free when it is dead");
  MUSTER_RETURN_IF_ERROR(first.Send(SIGKILL));
  // Dead, not only signalled.
  MUSTER_RETURN_IF_ERROR(first.Wait(ipc::PidFd::Reap::kYes).status());
  MUSTER_RETURN_IF_ERROR(zone.Bury(first_tag));

  MUSTER_ASSIGN_OR_RETURN(const ipc::ProcessExit end, second.Wait(ipc::PidFd::Reap::kYes));
  if (end.was_killed || end.code != 0) {
    return absl::InternalError("the second clerk " + end.ToString());
  }
  MUSTER_ASSIGN_OR_RETURN(const auto by_first, zone.Get<ipc::ZoneCounter>("transfers.first"));
  MUSTER_ASSIGN_OR_RETURN(const auto by_second, zone.Get<ipc::ZoneCounter>("transfers.second"));
  std::printf("parent:  the second clerk made %d transfers, the first %d; %d in all\n",
              static_cast<int>(by_second->value()), static_cast<int>(by_first->value()),
              static_cast<int>(ledger->Sum()));
  return absl::OkStatus();
}

}  // namespace
}  // namespace embed

int main() {
  // Lines of several processes, in the order in which they are printed.
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  const absl::Status status = embed::TellStory();
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}
