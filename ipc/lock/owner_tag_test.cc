#include "muster/ipc/lock/owner_tag.h"

#include "gtest/gtest.h"

namespace muster::ipc {
namespace {

TEST(OwnerTag, IsMadeWhenTheProgramIsCompiled) {
  static_assert(OwnerTag(0, 1).bits() == 0x1001);
  static_assert(OwnerTag(5, 3).slot() == 5 && OwnerTag(5, 3).generation() == 3);
}

TEST(OwnerTag, IsNeverZeroForASlot) { EXPECT_NE(OwnerTag(0, 0).bits(), kUnlockedWord); }

TEST(OwnerTag, NamesNoSlotWhenItIsEmpty) {
  EXPECT_GE(OwnerTag().slot(), OwnerTag::kMaxSlots);
  EXPECT_EQ(OwnerTag().bits(), kUnlockedWord);
}

TEST(OwnerTag, KeepsTheLargestSlotAndGeneration) {
  const OwnerTag tag(OwnerTag::kMaxSlots - 1, OwnerTag::kGenerationMask);
  EXPECT_EQ(tag.slot(), OwnerTag::kMaxSlots - 1);
  EXPECT_EQ(tag.generation(), OwnerTag::kGenerationMask);
  EXPECT_EQ(tag.bits() & OwnerTag::kFlags, 0u);
}

TEST(OwnerTag, WrapsTheGenerationWithoutTouchingTheFlags) {
  EXPECT_EQ(OwnerTag(7, OwnerTag::kGenerationMask + 1), OwnerTag(7, 0));
}

TEST(OwnerTag, IsFoundInAWordWhateverItsFlagsAre) {
  const OwnerTag tag(9, 1234);
  EXPECT_EQ(OwnerTag::InWord(tag.bits()), tag);
  EXPECT_EQ(OwnerTag::InWord(tag.bits() | OwnerTag::kWaiters), tag);
  EXPECT_EQ(OwnerTag::InWord(tag.bits() | OwnerTag::kDied), tag);
}

TEST(OwnerTag, TellsGenerationsOfASlotApart) { EXPECT_NE(OwnerTag(9, 1), OwnerTag(9, 2)); }

TEST(IsMark, IsFalseForTheLargestSlot) {
  EXPECT_FALSE(IsMark(OwnerTag(OwnerTag::kMaxSlots - 1, 1).bits()));
}

TEST(IsMark, IsFalseForWordsThatNameNobody) {
  EXPECT_FALSE(IsMark(kUnlockedWord));
  EXPECT_FALSE(IsMark(kAbandonedWord));
}

TEST(IsMark, IsTrueForTheMarks) {
  EXPECT_TRUE(IsMark(kDoneMark));
  EXPECT_TRUE(IsMark(kPoisonedMark));
}

}  // namespace
}  // namespace muster::ipc
