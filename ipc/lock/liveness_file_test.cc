#include "muster/ipc/lock/liveness_file.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc {
namespace {

std::string NewPath() {
  const std::string path = absl::StrCat(
      ::testing::TempDir(), "/", ::testing::UnitTest::GetInstance()->current_test_info()->name());
  ::unlink(path.c_str());
  return path;
}

TEST(LivenessFile, HoldsASlotAtMostOnce) {
  const auto file = LivenessFile::Open(NewPath());
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(file->TryHold(3));
  EXPECT_FALSE(file->TryHold(3));
}

TEST(LivenessFile, KeepsSlotsApart) {
  const auto file = LivenessFile::Open(NewPath());
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(file->TryHold(3));
  EXPECT_TRUE(file->IsHeld(3));
  EXPECT_FALSE(file->IsHeld(2));
  EXPECT_FALSE(file->IsHeld(4));
}

TEST(LivenessFile, FreesWhatIsReleased) {
  const auto file = LivenessFile::Open(NewPath());
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(file->TryHold(3));
  file->Release(3);
  EXPECT_FALSE(file->IsHeld(3));
}

TEST(LivenessFile, SeesAHolderInAnotherProcessUntilItIsKilled) {
  TestZone zone;
  Gate* held = zone.Place<Gate>();
  Gate* never = zone.Place<Gate>();
  const auto file = LivenessFile::Open(NewPath());
  ASSERT_TRUE(file.ok()) << file.status();
  ForkedChild holder([&] {
    const bool is_held = file->TryHold(3);
    held->Open();
    never->Await();
    return is_held ? 0 : 1;
  });
  held->Await();
  EXPECT_TRUE(file->IsHeld(3));
  EXPECT_FALSE(file->TryHold(3));
  holder.Kill();
  EXPECT_FALSE(file->IsHeld(3));
}

TEST(LivenessFile, IsNotHeldByAChildThatOutlivesItsHolder) {
  TestZone zone;
  Gate* forked = zone.Place<Gate>();
  Gate* checked = zone.Place<Gate>();
  const auto file = LivenessFile::Open(NewPath());
  ASSERT_TRUE(file.ok()) << file.status();
  ForkedChild holder([&] {
    if (!file->TryHold(3)) return 1;
    ForkedChild grandchild([&] {
      ::prctl(PR_SET_PDEATHSIG, 0);
      ::alarm(60);  // but not for ever, should the test die
      forked->Open();
      checked->Await();
      return 0;
    });
    forked->Await();
    grandchild.Release();
    return 0;
  });
  EXPECT_EQ(holder.Join(), 0);
  EXPECT_FALSE(file->IsHeld(3));
  checked->Open();
}

TEST(LivenessFile, NamesThePathThatCannotBeOpened) {
  const auto file = LivenessFile::Open("/nowhere/liveness");
  EXPECT_EQ(file.status().message(), "open /nowhere/liveness: No such file or directory");
}

}  // namespace
}  // namespace muster::ipc
