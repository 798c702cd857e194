#include "muster/ipc/lock/internal/participant_line.h"

#include "gtest/gtest.h"

namespace muster::ipc::internal {
namespace {

constexpr ProcessIdentity kProcess = {.pid = 7, .start_time_ticks = 70, .pid_namespace = 700};

class ParticipantLineTest : public ::testing::Test {
 protected:
  void SetState(ParticipantState state, std::uint32_t flags = 0) {
    line_.identity = IdentityWord(state, tag_.generation()) | flags;
  }

  ParticipantLine line_ = {};
  const OwnerTag tag_{3, 5};
};

TEST_F(ParticipantLineTest, ChangesTheStateOfItsTagOnly) {
  SetState(ParticipantState::kLive, kJoined);
  EXPECT_FALSE(line_.Change(tag_, ParticipantState::kDead, ParticipantState::kFree));
  EXPECT_FALSE(line_.Change(OwnerTag(3, 6), ParticipantState::kLive, ParticipantState::kDead));
  EXPECT_TRUE(line_.Change(tag_, ParticipantState::kLive, ParticipantState::kDead));
  EXPECT_EQ(line_.identity, IdentityWord(ParticipantState::kDead, 5));
}

TEST_F(ParticipantLineTest, ChangesNothingThatIsDamaged) {
  SetState(ParticipantState::kLive, 1u << 20);
  const std::uint32_t before = line_.identity;
  EXPECT_FALSE(line_.Change(tag_, ParticipantState::kLive, ParticipantState::kDead));
  EXPECT_FALSE(line_.WithdrawReserved(tag_));
  EXPECT_EQ(line_.identity, before);
}

TEST_F(ParticipantLineTest, WithdrawsOnlyWhatHasNotJoined) {
  SetState(ParticipantState::kLive, kJoined);
  EXPECT_FALSE(line_.WithdrawReserved(tag_));
  SetState(ParticipantState::kLive);
  EXPECT_TRUE(line_.WithdrawReserved(tag_));
  EXPECT_FALSE(line_.WithdrawReserved(tag_));
}

TEST_F(ParticipantLineTest, TellsAProcessOfItsGenerationOnly) {
  line_.TellProcess(5, kProcess);
  EXPECT_EQ(line_.ProcessOf(5).pid, 7);
  EXPECT_EQ(line_.ProcessOf(5).start_time_ticks, 70u);
  EXPECT_EQ(line_.ProcessOf(5).pid_namespace, 700u);
  EXPECT_EQ(line_.ProcessOf(6).pid, 0);
  EXPECT_EQ(line_.ReserverOf(5).pid, 0);
  line_.ForgetProcess();
  EXPECT_EQ(line_.ProcessOf(5).pid, 0);
}

TEST_F(ParticipantLineTest, TellsWhoReservedItsGenerationOnly) {
  line_.TellReserver(5, kProcess);
  EXPECT_EQ(line_.ReserverOf(5).pid, 7);
  EXPECT_EQ(line_.ReserverOf(5).start_time_ticks, 70u);
  EXPECT_EQ(line_.ReserverOf(5).pid_namespace, 700u);
  EXPECT_EQ(line_.ReserverOf(4).pid, 0);
  line_.ForgetReserver();
  EXPECT_EQ(line_.ReserverOf(5).pid, 0);
}

TEST_F(ParticipantLineTest, KeepsTheHeartbeatOfAProcessThatIsToldAgain) {
  line_.heartbeat_ns = 9;
  line_.TellProcess(5, kProcess);
  EXPECT_EQ(line_.heartbeat_ns, 0);
  line_.heartbeat_ns = 9;
  line_.TellProcess(5, kProcess);
  EXPECT_EQ(line_.heartbeat_ns, 9);
}

TEST_F(ParticipantLineTest, IsCopied) {
  SetState(ParticipantState::kLive, kJoined);
  line_.TellProcess(5, kProcess);
  const ParticipantRecord record = line_.Record(3);
  EXPECT_EQ(record.state, ParticipantState::kLive);
  EXPECT_EQ(record.tag, tag_);
  EXPECT_EQ(record.pid, 7);
  EXPECT_TRUE(record.has_joined);
}

}  // namespace
}  // namespace muster::ipc::internal
