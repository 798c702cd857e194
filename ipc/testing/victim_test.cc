#include "muster/ipc/testing/victim.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <memory>
#include <new>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/lock/internal/futex.h"
#include "muster/ipc/testing/actor.h"
#include "muster/ipc/testing/section.h"
#include "muster/ipc/testing/trial.h"

namespace muster::ipc::testing {
namespace {

using Stop = Victim::Stop;

// What a victim and the test share.
struct Board {
  std::atomic<std::uint32_t> word{0};
  std::atomic<std::uint32_t> waits{0};     // ended
  std::atomic<std::uint32_t> timeouts{0};  // of these
  std::atomic<const void*> deadline{nullptr};
};

class VictimTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const absl::Status status = CheckStepping(); !status.ok()) {
      GTEST_SKIP() << "this machine cannot step: " << status;
    }
    board_ = new (stage_.memory()) Board;
  }

  // Waits for the word to change, for `nap` each time.
  Actor::Body Napper(absl::Duration nap) {
    return [this, nap](Part&) {
      SectionMark();
      while (board_->word.load() == 0) {
        board_->timeouts += !internal::FutexWait(board_->word, 0, Deadline::After(nap));
        ++board_->waits;
      }
      SectionMark();
    };
  }

  Stage stage_;
  Board* board_ = nullptr;
};

// Until the clock has been advanced, and with it what its readers compare.
void AwaitTick() {
  const auto now = [] {
    timespec time;
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return time.tv_nsec;
  };
  for (const long begin = now(); now() == begin;) ::sched_yield();
}

// Steps it until it sleeps, or has ended.
Stop StepUntilBlocked(Victim& victim) {
  Stop stop;
  int steps = 0;
  do {
    stop = victim.Step();
  } while (stop == Stop::kStepped && ++steps < 100'000);
  return stop;
}

// A nanosecond is over long before a victim that is stepped comes to the call, on any machine.
TEST_F(VictimTest, SleepsInAWaitWithADeadlineHoweverLateItComesToIt) {
  Victim victim(stage_.page(0), Napper(absl::Nanoseconds(1)));
  EXPECT_EQ(StepUntilBlocked(victim), Stop::kBlocked);
  board_->word.store(1);
  internal::FutexWakeAll(board_->word);
  EXPECT_EQ(StepUntilBlocked(victim), Stop::kEnded);
}

TEST_F(VictimTest, SleepsLikewiseWhenItRunsAtFullSpeed) {
  Victim victim(stage_.page(0), Napper(absl::Nanoseconds(1)));
  EXPECT_EQ(victim.RunUntilBlocked(), Stop::kBlocked);
  EXPECT_EQ(board_->timeouts, 0u);
}

TEST_F(VictimTest, SleepsOnAfterItsDeadline) {
  Victim victim(stage_.page(0), Napper(absl::Milliseconds(1)));
  EXPECT_EQ(StepUntilBlocked(victim), Stop::kBlocked);
  const std::uint32_t waits = board_->waits;
  for (const Deadline late = Deadline::After(absl::Milliseconds(5)); !late.has_passed();) {
    EXPECT_EQ(victim.Step(), Stop::kBlocked);
  }
  EXPECT_EQ(board_->waits, waits);
}

// Where every step takes longer than a tick.
TEST_F(VictimTest, ReadsTheClockHoweverSlowlyItIsStepped) {
  Victim victim(stage_.page(0), [](Part&) {
    timespec time;
    SectionMark();
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    SectionMark();
  });
  Stop stop;
  int steps = 0;
  do {
    AwaitTick();
    stop = victim.Step();
  } while (stop == Stop::kStepped && ++steps < 1000);
  EXPECT_EQ(stop, Stop::kEnded);
}

// So the way after a timeout is swept too.
TEST_F(VictimTest, HasADeadlinePassInItsFirstWaitHoweverFarOffItIs) {
  Victim victim(stage_.page(0), Napper(absl::Hours(1)));
  EXPECT_EQ(StepUntilBlocked(victim), Stop::kBlocked);
  EXPECT_EQ(board_->waits, 1u);
  EXPECT_EQ(board_->timeouts, 1u);
}

TEST_F(VictimTest, IsLeftAloneInAWaitWithoutADeadline) {
  Victim victim(stage_.page(0), [this](Part&) {
    SectionMark();
    board_->timeouts += !internal::FutexWait(board_->word, 0, Deadline::Never());
    SectionMark();
  });
  EXPECT_EQ(StepUntilBlocked(victim), Stop::kBlocked);
  board_->word.store(1);
  internal::FutexWakeAll(board_->word);
  EXPECT_EQ(StepUntilBlocked(victim), Stop::kEnded);
  EXPECT_EQ(board_->timeouts, 0u);
}

#if defined(__x86_64__)
// What the kernel leaves alone in a call a compiler may use after it.
TEST_F(VictimTest, FindsItsRegistersAsItLeftThem) {
  static const timespec kDeadline = {1, 0};
  Victim victim(stage_.page(0), [this](Part&) {
    SectionMark();
    for (int i = 0; i < 2; ++i) {
      long result = SYS_futex;
      register const void* deadline asm("r10") = &kDeadline;
      register long ignored asm("r8") = 0;
      asm volatile("syscall"
                   : "+a"(result), "+r"(deadline)
                   : "D"(&board_->word), "S"(FUTEX_WAIT), "d"(0), "r"(ignored)
                   : "rcx", "r11", "memory");
      board_->timeouts += result == -ETIMEDOUT;
      board_->deadline.store(deadline);
    }
    SectionMark();
  });
  EXPECT_EQ(StepUntilBlocked(victim), Stop::kBlocked);
  EXPECT_EQ(board_->timeouts, 1u);
  EXPECT_EQ(board_->deadline.exchange(nullptr), &kDeadline);
  internal::FutexWakeAll(board_->word);
  EXPECT_EQ(StepUntilBlocked(victim), Stop::kEnded);
  EXPECT_EQ(board_->deadline, &kDeadline);
}
#endif

TEST_F(VictimTest, IsDeadWhenItSleepsBeforeItsSection) {
  Victim victim(stage_.page(0), [](Part&) {
    for (;;) ::pause();
  });
  EXPECT_FALSE(victim.has_started());
  EXPECT_EQ(victim.state(), Actor::State::kDead);
  EXPECT_EQ(victim.Step(), Stop::kCrashed);
}

TEST_F(VictimTest, IsDeadWhenItSpinsBeforeItsSection) {
  Victim victim(stage_.page(0), [](Part&) {
    for (;;) ::sched_yield();
  });
  EXPECT_FALSE(victim.has_started());
}

TEST_F(VictimTest, IsDeadWhenItEndsBeforeItsSection) {
  Victim victim(stage_.page(0), [](Part&) {});
  EXPECT_FALSE(victim.has_started());
}

TEST_F(VictimTest, IsLostWhenItSpinsInFullFlight) {
  Victim victim(stage_.page(0), [](Part&) {
    SectionMark();
    for (;;) ::sched_yield();
  });
  EXPECT_EQ(victim.RunUntilBlocked(), Stop::kLost);
}

TEST_F(VictimTest, StepsOverAForkWhoseChildStandsStill) {
  std::unique_ptr<Victim> child;
  Victim victim(stage_.page(0), [&](Part&) {
    SectionMark();
    if (::fork() == 0) PlayPart([&](Part&) { board_->word.store(1); }, stage_.child_page());
    SectionMark();
  });
  victim.set_on_fork(
      [&](pid_t pid) { child = std::make_unique<Victim>(stage_.child_page(), pid); });
  Stop stop = Stop::kStepped;
  while (stop == Stop::kStepped || stop == Stop::kBlocked) stop = victim.Step();
  EXPECT_EQ(stop, Stop::kEnded);
  ASSERT_NE(child, nullptr);
  EXPECT_EQ(board_->word.load(), 0u);
  EXPECT_EQ(child->Step(), Stop::kStepped);
  child->Release();
  child->AwaitEnd();
  EXPECT_EQ(child->state(), Actor::State::kFinished);
  EXPECT_EQ(board_->word.load(), 1u);
}

// And the child of one that runs at full speed does not die of its breakpoint.
TEST_F(VictimTest, IsOutlivedByItsChild) {
  std::unique_ptr<Victim> child;
  Victim victim(stage_.page(0), [&](Part&) {
    SectionMark();
    if (::fork() == 0) {
      PlayPart([](Part& part) { part.AwaitPermission(1); }, stage_.child_page());
    }
    SectionMark();
  });
  victim.set_on_fork([&](pid_t pid) {
    child = std::make_unique<Victim>(stage_.child_page(), pid);
    child->Release();
  });
  const std::uintptr_t begin = victim.address();
  EXPECT_EQ(victim.RunTo(begin), Stop::kEnded);
  victim.Kill();
  ASSERT_NE(child, nullptr);
  EXPECT_NE(child->state(), Actor::State::kDead);
  child->Permit(1);
  child->AwaitEnd();
  EXPECT_EQ(child->state(), Actor::State::kFinished);
}

TEST_F(VictimTest, RunsToItsFork) {
  std::unique_ptr<Victim> child;
  Victim victim(stage_.page(0), [&](Part& part) {
    SectionMark();
    if (::fork() == 0) PlayPart([](Part&) {}, stage_.child_page());
    part.AwaitPermission(1);
  });
  victim.set_on_fork(
      [&](pid_t pid) { child = std::make_unique<Victim>(stage_.child_page(), pid); });
  EXPECT_EQ(victim.RunToFork(), Stop::kStepped);
  ASSERT_NE(child, nullptr);
  victim.Release();
  child->Kill();
  victim.Permit(1);
  victim.AwaitEnd();
  EXPECT_EQ(victim.state(), Actor::State::kFinished);
}

TEST_F(VictimTest, EndsAWaitWithADeadlineWhenItIsTold) {
  Victim victim(stage_.page(0), Napper(absl::Hours(1)));
  // Past the first wait, whose deadline passes by itself.
  while (victim.Step() != Stop::kBlocked) {
  }
  EXPECT_EQ(board_->waits.load(), 1u);
  EXPECT_TRUE(victim.LetTimePass());
  while (board_->waits.load() == 1) victim.Step();
  EXPECT_EQ(board_->timeouts.load(), 1u);
}

TEST_F(VictimTest, EndsNoWaitThatHasNoDeadline) {
  Victim victim(stage_.page(0), Napper(absl::InfiniteDuration()));
  while (victim.Step() != Stop::kBlocked) {
  }
  EXPECT_FALSE(victim.LetTimePass());
}

}  // namespace
}  // namespace muster::ipc::testing
