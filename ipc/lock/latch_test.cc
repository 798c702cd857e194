#include "muster/ipc/lock/latch.h"

#include <array>
#include <atomic>
#include <csignal>
#include <optional>
#include <thread>

#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc {
namespace {

// Every word is the same, or two writes were mixed.
struct Uniform {
  std::array<std::uint64_t, 9> words;
  std::uint32_t last;  // a size that is no multiple of eight

  static Uniform Of(std::uint32_t number) {
    Uniform value;
    value.words.fill(number);
    value.last = number;
    return value;
  }
  bool is_whole() const {
    for (const std::uint64_t word : words) {
      if (word != last) return false;
    }
    return true;
  }
};

class LatchTest : public ::testing::Test {
 protected:
  using State = LatchState<Uniform>;

  TestZone zone_;
  State* state_ = zone_.Place<State>();
  Latch<Uniform> latch_{state_};
};

TEST_F(LatchTest, IsZeroBeforeTheFirstWrite) {
  EXPECT_EQ(latch_.version(), 0u);
  EXPECT_TRUE(latch_.Read().is_whole());
  EXPECT_EQ(latch_.Read().last, 0u);
}

TEST_F(LatchTest, IsReadAsItWasWritten) {
  latch_.Write(Uniform::Of(7));
  EXPECT_TRUE(latch_.Read().is_whole());
  EXPECT_EQ(latch_.Read().last, 7u);
  latch_.Write(Uniform::Of(8));
  EXPECT_EQ(latch_.Read().last, 8u);
  EXPECT_EQ(latch_.version(), 2u);
}

TEST_F(LatchTest, HoldsValuesSmallerThanAWord) {
  auto* state = zone_.Place<LatchState<char>>();
  Latch<char>(state).Write('x');
  EXPECT_EQ(Latch<char>(state).Read(), 'x');
}

TEST_F(LatchTest, IsReadableAfterItsWriterWasKilledHalfWay) {
  latch_.Write(Uniform::Of(7));
  ForkedChild writer([&] {
    // The first words of the next write, and no more of it.
    state_->even[0] = 8;
    state_->even[1] = 8;
    ::raise(SIGKILL);
    return 1;
  });
  ASSERT_EQ(writer.Join(), -SIGKILL);
  EXPECT_FALSE(state_->Recover(OwnerTag(1, 1)));
  const std::optional<Uniform> value = latch_.TryRead(1);
  ASSERT_TRUE(value.has_value());
  EXPECT_TRUE(value->is_whole());
  EXPECT_EQ(value->last, 7u);
}

TEST_F(LatchTest, IsWrittenByTheNextWriterAfterOneWasKilled) {
  latch_.Write(Uniform::Of(7));
  state_->even[0] = 8;  // what a writer left
  latch_.Write(Uniform::Of(9));
  EXPECT_TRUE(latch_.Read().is_whole());
  EXPECT_EQ(latch_.Read().last, 9u);
}

TEST_F(LatchTest, IsNeverReadTornFromAnotherProcess) {
  auto* done = zone_.Place<std::atomic<bool>>();
  ForkedChild writer([&] {
    for (std::uint32_t number = 1; !*done; ++number) latch_.Write(Uniform::Of(number));
    return 0;
  });
  std::uint32_t last = 0;
  // Until the writer has had its turn, too: on a busy machine that may be after all of these.
  for (int i = 0; i < 200'000 || last == 0; ++i) {
    const Uniform value = latch_.Read();
    ASSERT_TRUE(value.is_whole());
    ASSERT_GE(value.last, last);
    last = value.last;
  }
  *done = true;
  EXPECT_EQ(writer.Join(), 0);
}

TEST_F(LatchTest, IsNeverReadTornFromAnotherThread) {
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (std::uint32_t number = 1; !done; ++number) latch_.Write(Uniform::Of(number));
  });
  int torn = 0;
  for (int i = 0; i < 50'000; ++i) torn += latch_.Read().is_whole() ? 0 : 1;
  done = true;
  writer.join();
  EXPECT_EQ(torn, 0);
}

// What the writer wrote before is visible to who reads the latch.
TEST_F(LatchTest, PublishesWhatCameBeforeTheWrite) {
  int plain = 0;
  std::thread writer([&] {
    plain = 42;
    latch_.Write(Uniform::Of(1));
  });
  while (latch_.Read().last == 0) std::this_thread::yield();
  EXPECT_EQ(plain, 42);
  writer.join();
}

}  // namespace
}  // namespace muster::ipc
