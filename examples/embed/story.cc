// Two clerks, processes that this one forks, make transfers in a ledger in shared
// memory. The first is killed in the middle of a transfer, with the lock in its hands. The
// second is told so, repairs the ledger and goes on.

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <new>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ledger.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/channel/channel.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/registry.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/ipc/process/pid_fd.h"

namespace embed {
namespace {

namespace ipc = muster::ipc;

constexpr std::uint32_t kClerks = 2;
constexpr int kTransfers = 1000;
constexpr std::uint16_t kInTheMiddle = 1;

// The shared memory: the registry of who takes part, the ledger, a line for each clerk.
struct Zone {
  ipc::SharedMemory memory;
  ipc::Registry registry;
  Ledger* ledger;
  absl::Span<ClerkLine> clerks;
};

absl::StatusOr<Zone> CreateZone() {
  const std::size_t registry_bytes = ipc::Registry::BytesFor(kClerks);
  MUSTER_ASSIGN_OR_RETURN(
      ipc::SharedMemory memory,
      ipc::SharedMemory::CreateMemfd(
          "ledger", {.size_bytes = registry_bytes + sizeof(Ledger) + kClerks * sizeof(ClerkLine)}));
  MUSTER_ASSIGN_OR_RETURN(const ipc::Registry registry,
                          ipc::Registry::Create(memory.data(), registry_bytes, kClerks));
  auto* const ledger = new (memory.data() + registry_bytes) Ledger();
  auto* const clerks = new (memory.data() + registry_bytes + sizeof(Ledger)) ClerkLine[kClerks]();
  return Zone{std::move(memory), registry, ledger, absl::MakeSpan(clerks, kClerks)};
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

int FirstClerk(Zone& zone, ipc::OwnerTag self, ipc::Channel& to_parent) {
  ipc::Mutex mutex(zone.ledger->mutex(), zone.registry, self);
  if (mutex.Lock() != ipc::LockOutcome::kAcquired) return 1;
  zone.ledger->BeginTransfer(100);
  std::puts("first:   holds the lock, has taken 100 from one account, put it into none");
  if (!to_parent.Send({.command = kInTheMiddle}).ok()) return 1;
  for (;;) ::pause();
}

int SecondClerk(Zone& zone, ipc::OwnerTag self) {
  ipc::Mutex mutex(zone.ledger->mutex(), zone.registry, self);
  if (mutex.Lock() != ipc::LockOutcome::kOwnerDied) return 1;
  std::printf("second:  has the lock, was told kOwnerDied, finds %d in all\n",
              static_cast<int>(zone.ledger->Sum()));
  zone.ledger->Repair();
  mutex.MarkConsistent();
  mutex.Unlock();
  std::printf("second:  took the transfer back: %d in all\n", static_cast<int>(zone.ledger->Sum()));
  for (int i = 0; i < kTransfers; ++i) {
    if (mutex.Lock() != ipc::LockOutcome::kAcquired) return 1;
    zone.ledger->Transfer(i % 2 == 0 ? 100 : -100);
    mutex.Unlock();
    zone.clerks[self.slot()].transfers.Add();
  }
  return 0;
}

// The order matters: what a dead one held is recovered before its slot is anybody's.
void Recover(Zone& zone, ipc::OwnerTag dead) {
  zone.registry.MarkDead(dead);
  zone.ledger->mutex()->Recover(dead);
  zone.registry.Free(dead);
}

absl::Status TellStory() {
  MUSTER_ASSIGN_OR_RETURN(Zone zone, CreateZone());
  MUSTER_ASSIGN_OR_RETURN(ipc::Channel::Pair channel, ipc::Channel::CreatePair());
  MUSTER_ASSIGN_OR_RETURN(const ipc::OwnerTag first_tag, zone.registry.Reserve(0));
  MUSTER_ASSIGN_OR_RETURN(const ipc::OwnerTag second_tag, zone.registry.Reserve(1));
  zone.ledger->Open(700, 300);
  std::puts("parent:  opened a ledger of two accounts, 1000 in all");

  MUSTER_ASSIGN_OR_RETURN(const ipc::PidFd first,
                          Fork([&] { return FirstClerk(zone, first_tag, channel.second); }));
  ipc::ReceivedMessage message;
  MUSTER_RETURN_IF_ERROR(channel.first.Receive(&message).status());
  MUSTER_ASSIGN_OR_RETURN(const ipc::PidFd second,
                          Fork([&] { return SecondClerk(zone, second_tag); }));

  MUSTER_RETURN_IF_ERROR(first.Send(SIGKILL));
  // Dead, not only signalled. Its pid stays taken until it is recovered.
  MUSTER_ASSIGN_OR_RETURN(const ipc::ProcessExit exit, first.Wait(ipc::PidFd::Reap::kNo));
  std::printf("parent:  the first clerk was %s; what it held is free from now on\n",
              exit.ToString().c_str());
  Recover(zone, first_tag);
  MUSTER_RETURN_IF_ERROR(first.Wait(ipc::PidFd::Reap::kYes).status());

  MUSTER_ASSIGN_OR_RETURN(const ipc::ProcessExit end, second.Wait(ipc::PidFd::Reap::kYes));
  if (end.was_killed || end.code != 0) {
    return absl::InternalError("the second clerk " + end.ToString());
  }
  std::printf("parent:  the second clerk made %d transfers, the first %d; %d in all\n",
              static_cast<int>(zone.clerks[1].transfers.value()),
              static_cast<int>(zone.clerks[0].transfers.value()),
              static_cast<int>(zone.ledger->Sum()));
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
