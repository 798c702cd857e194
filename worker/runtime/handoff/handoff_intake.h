#ifndef MUSTER_WORKER_RUNTIME_HANDOFF_HANDOFF_INTAKE_H_
#define MUSTER_WORKER_RUNTIME_HANDOFF_HANDOFF_INTAKE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "muster/ipc/channel/channel.h"
#include "muster/loop/clock.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/loop/timer.h"
#include "muster/worker/runtime/connection.h"
#include "muster/worker/runtime/connection_lease.h"
#include "muster/worker/runtime/error_log.h"
#include "muster/worker/runtime/handoff/handoff_board.h"
#include "muster/worker/runtime/handoff/handoff_share.h"
#include "muster/worker/zone/slot_stats.h"

namespace muster::worker {

// The end of the handoff queue from which connections are taken (handoff_queue.h).
//
// All workers wait for a connection, and all are woken by it: which of them may take it is decided
// by their shares, not by the kernel. One that may not take any looks again after a moment. Nobody
// takes a connection out of the queue without a descriptor for it, since it would be lost.
//
// In the loop's thread. No call blocks.
class HandoffIntake {
 public:
  // All of it outlives this.
  struct Surroundings {
    loop::EventLoop& loop;
    const ErrorLog& log;
    ConnectionCount& connections;
    SlotStats& stats;
    HandoffBoard& board;
    // Whether connections of other users' workers are taken. Otherwise they are refused.
    bool takes_from_other_users = false;
  };
  using Adopt = std::function<void(Connection connection, std::string state)>;

  // `measure_capacity` returns how many connections this worker can hold. It is shown to the other
  // workers at once. Takes nothing yet.
  HandoffIntake(const Surroundings& surroundings, ipc::Channel end, Adopt adopt,
                std::function<std::uint32_t()> measure_capacity);
  ~HandoffIntake();

  // Takes this worker's share from now on. Error: the loop cannot watch the queue.
  absl::Status StartSharing();
  // Takes all that is in the queue, and goes on so.
  void StartTakingAll();
  void Stop();
  // Takes all that is in the queue, once. Returns how many connections that were.
  std::size_t TakeAllOnce();

  // In the queue, from all workers, as the kernel says. No connection takes less than kLeastBytes.
  std::size_t queued_bytes() const;
  static constexpr std::size_t kLeastBytes = sizeof(ipc::ChannelHeader);

 private:
  // In one round of the loop, so that others have their share.
  static constexpr std::uint64_t kMostPerRound = 8;

  enum class Mode { kStopped, kSharing, kTakingAll };
  enum class Outcome { kTaken, kNothing, kNoDescriptor };
  class End : public loop::Handler {
   public:
    explicit End(HandoffIntake& intake) : intake_(intake) {}
    void OnEvents(std::uint32_t) override { intake_.Take(); }

   private:
    HandoffIntake& intake_;
  };

  void Take();
  // How many connections it may take now.
  std::uint64_t Share();
  Outcome TakeOne();
  // Looks at the queue again after `delay`, and not before.
  void HoldBack(loop::Clock::duration delay);
  void ShowCapacity();
  absl::Status Watch();
  void Unwatch();

  Surroundings around_;
  ipc::Channel channel_;
  Adopt adopt_;
  std::function<std::uint32_t()> measure_capacity_;
  Mode mode_ = Mode::kStopped;
  End end_;
  bool is_watched_ = false;
  loop::Timer again_;
  loop::Clock::duration delay_{};  // of the last time that it was held back in a row
  loop::Timer measure_again_;
  TakerPatience patience_;
  ipc::ReceivedMessage received_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_HANDOFF_HANDOFF_INTAKE_H_
