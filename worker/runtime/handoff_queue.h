#ifndef MUSTER_WORKER_RUNTIME_HANDOFF_QUEUE_H_
#define MUSTER_WORKER_RUNTIME_HANDOFF_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/worker/runtime/connection.h"
#include "muster/worker/runtime/connection_lease.h"
#include "muster/worker/runtime/error_log.h"
#include "muster/worker/zone/slot_stats.h"

namespace muster::worker {

// The queue through which established connections pass from workers that leave to workers that
// stay. All workers of a master share one SEQPACKET socket pair. Draining workers write to one end.
// Serving workers read from the other, and the kernel gives each message to one of them. So a
// connection needs no addressee. If a worker dies before it takes a connection, another worker
// takes it, of whatever generation serves by then. docs/HANDOFF.md.
//
// In the loop's thread. No call blocks.
class HandoffQueue {
 public:
  // All of it outlives this.
  struct Surroundings {
    loop::EventLoop& loop;
    const ErrorLog& log;
    ConnectionCount& connections;
    SlotStats& stats;
  };
  using Adopt = std::function<void(Connection connection, std::string state)>;

  // Passes the connections of `take` to `adopt`, once StartTaking is called.
  static absl::StatusOr<std::unique_ptr<HandoffQueue>> Create(const Surroundings& surroundings,
                                                              ipc::UniqueFd take,
                                                              ipc::UniqueFd give, Adopt adopt);
  ~HandoffQueue();

  // Sends a connection, now or when the queue has room. Until then it counts as this worker's.
  // Nothing else in this process may watch or use its descriptor any more. `state` has at most
  // kMostHandoffStateBytes. A connection that cannot be sent is logged and closed.
  void Give(Connection connection, std::string state);

  // Takes connections from now on. Error: the loop cannot watch the queue.
  absl::Status StartTaking();
  // Takes nothing any more. What is in the queue is for other workers.
  void StopTaking();
  // Takes everything that is in the queue now, for the case that nobody else will.
  void TakeAll();

  // How many connections this worker keeps for want of room in others, after a Drain to hand them
  // off.
  std::uint32_t kept() const { return static_cast<std::uint32_t>(unsent_.size()); }

  // Passes the connections that were given and are not sent yet to `adopt`, for the same case.
  void TakeBack();

 private:
  // In one round of the loop, so that others have their share.
  static constexpr int kMostPerRound = 8;

  class End : public loop::Handler {
   public:
    explicit End(std::function<void()> callback) : callback_(std::move(callback)) {}
    void OnEvents(std::uint32_t) override { callback_(); }

   private:
    std::function<void()> callback_;
  };
  struct Unsent {
    Connection connection;
    std::string state;
  };

  HandoffQueue(const Surroundings& surroundings, ipc::Channel take, ipc::Channel give, Adopt adopt);
  // False: the queue is empty, or broken.
  bool TakeOne();
  void SendAll();
  void WatchRoom(bool is_watched);

  Surroundings around_;
  ipc::Channel take_;
  ipc::Channel give_;
  Adopt adopt_;
  End take_end_;
  End give_end_;
  bool is_taking_ = false;
  bool watches_room_ = false;
  std::deque<Unsent> unsent_;
  ipc::ReceivedMessage received_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_HANDOFF_QUEUE_H_
