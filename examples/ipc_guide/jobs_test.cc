// The shortest example, of README.md, which quotes the piece between the line with its name in
// brackets and the one with [end]; //tests:quoted_code_test compares them.

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>

#include "gtest/gtest.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/registry.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/ipc/process/pid_fd.h"

namespace {

using namespace muster::ipc;

// [shortest]
struct Jobs {
  MutexState mutex;
  std::int64_t done;  // guarded by mutex
};

// Any process that shares the memory calls this. If it is killed in here, the next one continues.
void FinishJob(Jobs* jobs, const Registry& registry, OwnerTag self) {
  Mutex mutex(&jobs->mutex, registry, self, {.repair = [] { return true; }});
  std::scoped_lock guard(mutex);
  ++jobs->done;
}
// [end]

// The parent calls this when one of them is dead.
void Recover(Jobs* jobs, const Registry& registry, OwnerTag dead) {
  registry.MarkDead(dead);
  jobs->mutex.Recover(dead);
  registry.Free(dead);
}

TEST(Jobs, GoOnAfterTheDeathOfTheOneWhoHeldThem) {
  const std::size_t registry_bytes = Registry::BytesFor(2);
  auto memory = SharedMemory::CreateAnonymous({.size_bytes = registry_bytes + sizeof(Jobs)});
  ASSERT_TRUE(memory.ok()) << memory.status();
  const Registry registry = Registry::Create(memory->data(), registry_bytes, 2).value();
  auto* jobs = new (memory->data() + registry_bytes) Jobs();
  const OwnerTag parent = registry.Reserve(0).value();
  const OwnerTag child = registry.Reserve(1).value();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    FinishJob(jobs, registry, child);
    Mutex mutex(&jobs->mutex, registry, child);
    if (mutex.Lock() == LockOutcome::kAcquired) ::raise(SIGKILL);
    ::_exit(1);
  }
  ASSERT_GT(pid, 0);
  ASSERT_TRUE(PidFd::Open(pid)->Wait(PidFd::Reap::kYes)->was_killed);
  Recover(jobs, registry, child);
  FinishJob(jobs, registry, parent);
  EXPECT_EQ(jobs->done, 2);
}

}  // namespace
