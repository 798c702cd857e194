#include "muster/ipc/base/trusted_owner.h"

#include <unistd.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::ipc {
namespace {

// Neither root nor this process.
const uid_t kStranger = ::geteuid() + 4711;
const uid_t kSelf = ::geteuid();

TEST(CheckOwner, TakesWhatIsOursOrRootsAndNobodyElseMayWrite) {
  for (const uid_t owner : {kSelf, uid_t{0}}) {
    for (const mode_t mode : {0600, 0644, 0755, 0611}) {
      EXPECT_TRUE(CheckOwner("/x", owner, mode, {}).ok()) << owner << " " << mode;
    }
  }
}

TEST(CheckOwner, NamesAStranger) {
  const absl::Status status = CheckOwner("/x", kStranger, 0600, {});
  EXPECT_EQ(status, absl::PermissionDeniedError(
                        absl::StrCat("/x: belongs to user ", kStranger, ", expected ",
                                     kSelf == 0 ? "0" : absl::StrCat(kSelf, " or 0"))));
}

TEST(CheckOwner, TakesWhatBelongsToTheUserThatTheCallerNames) {
  EXPECT_TRUE(CheckOwner("/x", kStranger, 0600, {.user = kStranger}).ok());
  EXPECT_TRUE(CheckOwner("/x", kSelf, 0600, {.user = kStranger}).ok());
  EXPECT_FALSE(CheckOwner("/x", kStranger + 1, 0600, {.user = kStranger}).ok());
}

TEST(CheckOwner, NamesAModeThatLetsOthersWrite) {
  for (const mode_t mode : {0620, 0602, 0666, 0777}) {
    EXPECT_FALSE(CheckOwner("/x", kSelf, mode, {}).ok());
    EXPECT_FALSE(CheckOwner("/x", kStranger, mode, {.user = kStranger}).ok());
    EXPECT_TRUE(CheckOwner("/x", kSelf, mode, {.others_may_write = true}).ok());
  }
  EXPECT_EQ(CheckOwner("/x", kSelf, S_IFREG | 0666, {}).message(),
            absl::StrCat("/x: mode 0666 lets others than its owner, user ", kSelf, ", write it"));
}

TEST(CheckOwner, DoesNotTakeAStrangersBecauseOthersMayWrite) {
  EXPECT_FALSE(CheckOwner("/x", kStranger, 0666, {.others_may_write = true}).ok());
}

}  // namespace
}  // namespace muster::ipc
