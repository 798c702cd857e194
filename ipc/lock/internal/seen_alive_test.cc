#include "muster/ipc/lock/internal/seen_alive.h"

#include "gtest/gtest.h"

namespace muster::ipc::internal {
namespace {

constexpr absl::Duration kLong = absl::Seconds(50);

TEST(SeenAlive, KnowsNobodyAtFirst) {
  static const int line = 0;
  EXPECT_FALSE(WasSeenAlive(&line, 1, kLong));
}

TEST(SeenAlive, KnowsWhoWasNoted) {
  static const int line = 0;
  NoteSeenAlive(&line, 1);
  EXPECT_TRUE(WasSeenAlive(&line, 1, kLong));
}

TEST(SeenAlive, KeepsGenerationsAndLinesApart) {
  static const int lines[2] = {};
  NoteSeenAlive(&lines[0], 1);
  EXPECT_FALSE(WasSeenAlive(&lines[0], 2, kLong));
  EXPECT_FALSE(WasSeenAlive(&lines[1], 1, kLong));
}

TEST(SeenAlive, ForgetsInTime) {
  static const int line = 0;
  NoteSeenAlive(&line, 1);
  EXPECT_FALSE(WasSeenAlive(&line, 1, absl::ZeroDuration()));
  while (WasSeenAlive(&line, 1, absl::Milliseconds(20))) {
  }
}

}  // namespace
}  // namespace muster::ipc::internal
