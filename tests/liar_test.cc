// A worker that is broken, or worse: what it writes into shared memory misleads neither the master
// nor, for long, the other workers.

#include <signal.h>

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"
#include "muster/tests/support/zone_of.h"
#include "muster/worker/zone/slot_stats.h"
#include "muster/worker/zone/zone_layout.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kHeaderBytes = 128;
constexpr char kMutex[] = "accept: MUTEX\naccept_delay { nanos: 10000000 }\n";

// Where the registry says of a slot what state it is in.
std::size_t PlaceOfState(std::uint32_t slot) {
  return worker::kRegistryOffset + kHeaderBytes + slot * kHeaderBytes;
}
constexpr std::size_t kPlaceOfMutex = offsetof(worker::ZoneFront, accept_mutex);

class Liar : public ::testing::Test {
 protected:
  // Kills the worker with this number and waits until another one serves in its slot.
  void Replace(RunningMaster& muster, int number) {
    const pid_t before = muster.Status().workers(number).pid();
    ASSERT_EQ(::kill(before, SIGKILL), 0);
    ASSERT_TRUE(muster.AwaitStatus([&](const admin::v1::Status& status) {
      return status.workers(number).pid() != before &&
             status.workers(number).state() == admin::v1::Worker::SERVING;
    })) << muster.Status().DebugString();
  }
};

TEST_F(Liar, StopsNoRespawnAndNoReloadByStrayWordsInTheRegistry) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const ZoneOf zone(muster.WorkerPids()[0]);
  // Live and dead, of another generation; in slots that are taken, and in those of the next reload.
  for (const std::uint32_t word : {1u << 30 | 77, 2u << 30 | 77, ~0u}) {
    for (std::uint32_t slot = 0; slot < 8; ++slot) zone.Write(PlaceOfState(slot), word);
    Replace(muster, 1);
    for (std::uint32_t slot = 0; slot < 8; ++slot) zone.Write(PlaceOfState(slot), word);
    const Finished reload = muster.Ctl({"reload"});
    EXPECT_EQ(reload.exit, 0) << reload.errors;
  }
}

TEST_F(Liar, StopsNoRespawnAndNoReloadByADamagedFront) {
  RunningMaster muster(RunningMaster::Config("zone { name: \"own\" size_bytes: 4096 }\n"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const ZoneOf zone(muster.WorkerPids()[0]);
  const ZoneOf own(muster.WorkerPids()[0], "muster-zone-own");
  const auto damage = [&] {
    // All but the accept mutex, which has tests of its own.
    for (std::size_t at = 0; at < kPlaceOfMutex; at += 4) zone.Write(at, 0xabababab);
    for (std::size_t at = 0; at < kHeaderBytes; at += 4) {
      zone.Write(worker::kRegistryOffset + at, 0xabababab);
      own.Write(at, 0xabababab);
    }
  };
  damage();
  Replace(muster, 1);
  damage();
  const Finished reload = muster.Ctl({"reload"});
  EXPECT_EQ(reload.exit, 0) << reload.errors;
}

TEST_F(Liar, DoesNotMakeTheTotalsOverflow) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const ZoneOf zone(muster.WorkerPids()[0]);
  // Minus five, as each counter and gauge.
  for (std::size_t at = 0; at < sizeof(worker::SlotStats); at += 8) {
    zone.Write(worker::StatsOffset(1024) + at, static_cast<std::uint32_t>(-5));
    zone.Write(worker::StatsOffset(1024) + at + 4, ~0u);
  }
  zone.Write(offsetof(worker::ZoneFront, slots_used), 0);
  const std::string stats = muster.Status().stats().DebugString();
  EXPECT_EQ(stats.find("18446744073709551"), stats.npos) << stats;
  const Finished quit = muster.Ctl({"quit"});
  EXPECT_EQ(quit.exit, 0) << quit.errors;
  EXPECT_EQ(quit.output.find("18446744073709551"), quit.output.npos) << quit.output;
}

TEST_F(Liar, StopsNobodyByADamagedAcceptMutex) {
  RunningMaster muster(RunningMaster::Config(kMutex));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const ZoneOf zone(muster.WorkerPids()[0]);
  const std::uint32_t tag_of_nobody = ipc::OwnerTag(900, 1).bits();
  for (const std::uint32_t word : {ipc::kDoneMark, ipc::kPoisonedMark, tag_of_nobody}) {
    zone.Write(kPlaceOfMutex, word);
    ASSERT_TRUE(FetchOnce(muster.address(), "/").has_value()) << word;
  }
  // All of them are killed, and the mark stays.
  zone.Write(kPlaceOfMutex, ipc::kPoisonedMark);
  Replace(muster, 0);
  Replace(muster, 1);
  EXPECT_TRUE(FetchOnce(muster.address(), "/").has_value());
}

TEST_F(Liar, HoldsTheAcceptMutexForNoLongerThanAMoment) {
  RunningMaster muster(RunningMaster::Config(kMutex));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string address = muster.address();
  const ZoneOf zone(muster.WorkerPids()[0]);
  const auto holder = [&] { return ipc::OwnerTag::InWord(zone.Read(kPlaceOfMutex)); };
  pid_t stopped = 0;
  while (stopped == 0) {
    const ipc::OwnerTag before = holder();
    if (before == ipc::OwnerTag()) continue;
    const pid_t pid = muster.WorkerPids()[before.slot()];
    ASSERT_EQ(::kill(pid, SIGSTOP), 0);
    // It may have given the mutex back before.
    if (holder() == before) stopped = pid;
    if (stopped == 0) ::kill(pid, SIGCONT);
  }
  for (int client = 0; client < 5; ++client) {
    EXPECT_TRUE(FetchOnce(address, "/").has_value()) << "client " << client;
  }
  ASSERT_EQ(::kill(stopped, SIGCONT), 0);
  EXPECT_THAT(muster.master().errors(), HasSubstr("does not give the accept mutex back"));
  EXPECT_TRUE(FetchOnce(address, "/").has_value());
}

}  // namespace
}  // namespace muster::tests
