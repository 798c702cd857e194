// The quick start of docs/IPC.md, which quotes the pieces between a line with a name in brackets
// and one with [end]; //tests:quoted_code_test compares them.

#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/process/pid_fd.h"
#include "muster/ipc/zone/zone.h"

namespace {

using namespace muster::ipc;

// [the ledger]
struct Ledger {
  std::int64_t paid_in = 0;
  std::int64_t balance = 0;  // the same, unless somebody died between the two
};
// [end]

// [without a parent]
absl::Status PayIn(const std::string& name, std::int64_t amount) {
  MUSTER_ASSIGN_OR_RETURN(Zone zone, Zone::OpenOrCreate(ZonePlace::Posix(name)));
  MUSTER_ASSIGN_OR_RETURN(Participant self, zone.Join());
  MUSTER_ASSIGN_OR_RETURN(auto ledger, zone.Get<Ledger>("ledger"));
  const auto repair = [&] { return ledger->balance = ledger->paid_in, true; };
  MUSTER_ASSIGN_OR_RETURN(auto mutex, zone.Get<ZoneMutex>("ledger.lock", repair));
  std::scoped_lock lock(*mutex);
  ledger->paid_in += amount;
  ledger->balance += amount;
  return absl::OkStatus();
}
// [end]

int RunClerk(const Zone& zone, OwnerTag tag) {
  const auto self = zone.Join(tag);
  const auto mutex = zone.Get<ZoneMutex>("ledger.lock");
  const auto ledger = zone.Get<Ledger>("ledger");
  if (!self.ok() || !mutex.ok() || !ledger.ok()) return 1;
  (*mutex)->lock();
  (*ledger)->paid_in += 100;
  return ::raise(SIGKILL);  // in the middle, with the lock in its hands
}

// [with a parent]
absl::Status EmployOneClerk(const Zone& zone) {
  MUSTER_ASSIGN_OR_RETURN(OwnerTag clerk, zone.Reserve());
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(RunClerk(zone, clerk));  // which calls zone.Join(clerk)
  if (pid < 0) return zone.Bury(clerk);
  zone.SetProcess(clerk, pid);
  MUSTER_ASSIGN_OR_RETURN(PidFd process, PidFd::Open(pid));
  process.Wait(PidFd::Reap::kYes).IgnoreError();  // in a loop: when process.fd() is readable
  return zone.Bury(clerk);
}
// [end]

TEST(QuickStart, WorksWithoutAParent) {
  const std::string name = absl::StrCat("/muster_quick_start_", ::getpid());
  EXPECT_TRUE(PayIn(name, 100).ok());
  EXPECT_TRUE(PayIn(name, 20).ok());
  const auto zone = Zone::OpenReadOnly(ZonePlace::Posix(name));
  ASSERT_TRUE(zone.ok()) << zone.status();
  const auto ledger = zone->Find<Ledger>("ledger");
  ASSERT_TRUE(ledger.ok()) << ledger.status();
  EXPECT_EQ((*ledger)->balance, 120);
  ::unlink(absl::StrCat("/dev/shm", name).c_str());
}

TEST(QuickStart, WorksWithAParent) {
  const auto zone = Zone::Create(ZonePlace::Memfd("bank"));
  ASSERT_TRUE(zone.ok()) << zone.status();
  const absl::Status buried = EmployOneClerk(*zone);
  EXPECT_TRUE(buried.ok()) << buried;
  const auto self = zone->Join();
  ASSERT_TRUE(self.ok()) << self.status();
  const auto mutex = zone->Get<ZoneMutex>("ledger.lock");
  EXPECT_EQ((*mutex)->Lock(), LockOutcome::kOwnerDied);
}

}  // namespace
