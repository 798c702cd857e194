#ifndef MUSTER_WORKER_RUNTIME_HANDOFF_HANDOFF_OUTLET_H_
#define MUSTER_WORKER_RUNTIME_HANDOFF_HANDOFF_OUTLET_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"
#include "muster/loop/clock.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/loop/timer.h"
#include "muster/worker/runtime/connection.h"
#include "muster/worker/runtime/handoff/handoff_intake.h"
#include "muster/worker/runtime/handoff/handoff_stall.h"

namespace muster::worker {

// The end of the handoff queue into which a draining worker gives its connections
// (handoff_queue.h).
//
// It gives as many as the others have room for: what they show, without what the kernel says is in
// the queue, and without what other draining workers have given and could not send yet. These are
// estimates, since all of them change meanwhile. So what was given may not be taken. When nothing
// was taken for kPatience, it takes everything back to be served here, and gives one connection a
// second until somebody takes one.
//
// In the loop's thread. No call blocks.
class HandoffOutlet {
 public:
  static constexpr std::chrono::milliseconds kPatience{250};

  struct Callbacks {
    // Takes a connection over that comes back.
    HandoffIntake::Adopt adopt;
    // There is room for connections that were kept, or longer states are taken than before.
    std::function<void()> room;
  };

  // `surroundings` and `intake`, the other end, outlive this. Gives nothing yet.
  HandoffOutlet(const HandoffIntake::Surroundings& surroundings, HandoffIntake& intake,
                ipc::Channel end, Callbacks callbacks);
  ~HandoffOutlet();

  void Start();
  // Gives nothing any more. What is not sent yet stays until TakeBack.
  void Stop();
  // Passes the connections that were given and are not sent yet to `adopt`. Their origins have what
  // the kernel tells, as those of connections from the queue, and what they were given with.
  void TakeBack();

  // Of handoff_queue.h.
  bool HasRoom();
  std::size_t MostStateBytes();
  void Give(Connection connection, std::string state);
  std::uint32_t kept() const;
  bool is_settled() const;

 private:
  class End : public loop::Handler {
   public:
    explicit End(HandoffOutlet& outlet) : outlet_(outlet) {}
    void OnEvents(std::uint32_t) override { outlet_.SendAll(); }

   private:
    HandoffOutlet& outlet_;
  };
  struct Unsent {
    Connection connection;
    std::string state;
    ipc::UniqueFd
        memory;  // the state, sealed; made when a long one is to be sent for the first time
  };

  std::uint64_t RoomNow() const;
  // What the takers have taken ever; zero if there are none.
  std::uint64_t TakenByTakers() const;
  HandoffStall::Look LookNow() const { return {around_.loop.now(), TakenByTakers(), IsOnTheWay()}; }
  bool IsOnTheWay() const { return !unsent_.empty() || intake_.queued_bytes() > 0; }
  void SendAll();
  // False: not now.
  bool Send(Unsent& unsent) const;
  void Watch();
  void Unwatch();
  // Looks for a stall, and for room.
  void Look();
  // Whether somebody was refused who may give now.
  bool IsRoomForRefused();
  void OnStall();

  const HandoffIntake::Surroundings around_;
  HandoffIntake& intake_;
  ipc::Channel channel_;
  Callbacks callbacks_;
  End end_;
  bool is_watched_ = false;
  bool is_giving_ = false;
  bool has_given_ = false;
  std::deque<Unsent> unsent_;

  // What HasRoom knows: how many may be given before the next look, or the round without room.
  std::uint64_t budget_ = 0;
  std::optional<loop::TimePoint> full_at_;
  bool is_room_wanted_ = false;
  bool is_memory_wanted_ = false;  // MostStateBytes was little, for a worker of an older program

  loop::Timer look_;
  HandoffStall stall_;
  bool is_stalled_ = false;  // for kPatience, until something is taken
  loop::TimePoint try_at_;   // the next one during a stall
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_HANDOFF_HANDOFF_OUTLET_H_
