#ifndef MUSTER_WORKER_RUNTIME_HANDOFF_HANDOFF_QUEUE_H_
#define MUSTER_WORKER_RUNTIME_HANDOFF_HANDOFF_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"
#include "muster/worker/runtime/connection.h"
#include "muster/worker/runtime/handoff/handoff_intake.h"
#include "muster/worker/runtime/handoff/handoff_outlet.h"

namespace muster::worker {

// The queue through which established connections pass from workers that leave to workers that
// stay. All workers of a master share one SEQPACKET socket pair. Draining workers write to one end.
// Serving workers read from the other, and the kernel gives each message to one of them. So a
// connection needs no addressee. If a worker dies before it takes a connection, another worker
// takes it, of whatever generation serves by then. docs/HANDOFF.md.
//
// A serving worker takes only its share, and only what it has room for (handoff_intake.h). A
// draining worker gives only what others have room for, and takes back what nobody took
// (handoff_outlet.h). Nobody reserves anything, so the death of a worker needs no repair.
//
// In the loop's thread. No call blocks.
class HandoffQueue {
 public:
  using Surroundings = HandoffIntake::Surroundings;
  struct Callbacks {
    // Takes over a connection of the queue, or one of its own that comes back.
    HandoffIntake::Adopt adopt;
    // There is room for connections that were kept, or longer states are taken than before.
    std::function<void()> room;
    // Returns how many connections this worker can hold.
    std::function<std::uint32_t()> measure_capacity;
  };

  // Shows this worker's capacity to the others. Takes nothing until StartTaking is called.
  static absl::StatusOr<std::unique_ptr<HandoffQueue>> Create(const Surroundings& surroundings,
                                                              ipc::UniqueFd take,
                                                              ipc::UniqueFd give,
                                                              Callbacks callbacks);

  // Takes this worker's share from now on. Error: the loop cannot watch the queue.
  absl::Status StartTaking() { return intake_.StartSharing(); }
  // Takes nothing any more, and gives. What is in the queue is for other workers.
  void StartGiving();
  // Gives nothing any more. Takes everything that is in the queue, and what comes until the end,
  // since nobody else will.
  void StartTakingAll();
  // Passes the connections that were given and are not sent yet to `adopt`, for the same case.
  void TakeBack() { outlet_.TakeBack(); }

  // Whether a worker has room for one more connection. If not, the connection is to be kept and
  // served; `room` is called when there is some. False unless this worker gives.
  bool HasRoom() { return outlet_.HasRoom(); }
  // The most bytes of state that may be given now. `room` is called when it has become more.
  std::size_t MostStateBytes() { return outlet_.MostStateBytes(); }
  // Sends a connection, now or in a moment. Until then it counts as this worker's. Nothing else in
  // this process may watch or use its descriptor any more. `state` has at most
  // MostStateBytes. If it cannot be sent, or nobody takes it, it comes back by `adopt`.
  void Give(Connection connection, std::string state) {
    outlet_.Give(std::move(connection), std::move(state));
  }

  // How many connections this worker keeps for want of room in others: those that it holds beyond
  // its part of the room that there is. Zero unless it gives.
  std::uint32_t kept() const { return outlet_.kept(); }
  // Whether everything that it gave was taken, so that it may exit.
  bool is_settled() const { return outlet_.is_settled(); }

 private:
  HandoffQueue(const Surroundings& surroundings, ipc::Channel take, ipc::Channel give,
               Callbacks callbacks);

  HandoffIntake intake_;
  HandoffOutlet outlet_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_HANDOFF_HANDOFF_QUEUE_H_
