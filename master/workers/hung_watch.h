#ifndef MUSTER_MASTER_WORKERS_HUNG_WATCH_H_
#define MUSTER_MASTER_WORKERS_HUNG_WATCH_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "muster/loop/event_loop.h"
#include "muster/loop/timer.h"
#include "muster/master/aside/inquiries.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/process/process_moment.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/state/process_state.pb.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::master {

// Finds out what a worker does that does not run its loop: asks it for its stack by a signal, and
// a moment later looks at its process and at what it holds, beside the loop. Then the core is told,
// once for each time that a worker hangs. In the loop's thread; no call waits.
class HungWatch {
 public:
  // What it has to know of the worker that has a slot.
  struct Subject {
    pid_t pid = 0;
    bool is_stopped = false;  // by a signal, as SIGSTOP
    std::int64_t stacks = 0;  // worker::WorkerStatus::stacks
    Duration silent{};        // since it last ran its loop
    std::string at_hand{};    // "it served GET /x for 192.0.2.1:4711"; empty: no request
    bool has_accept_mutex = false;
    std::vector<std::string> listeners{};
    worker::UserZones zones{};
  };
  struct Surroundings {
    loop::EventLoop& loop;
    // Empty: the slot has no worker any more.
    std::function<std::optional<Subject>(std::uint32_t slot)> look;
    std::function<void(std::uint32_t slot)> ask_for_stack;
    std::function<void(const HungEvent&, const admin::v1::Hang&)> tell;
  };

  // How long a worker may take to write its stack.
  static constexpr std::chrono::milliseconds kForStack{500};

  explicit HungWatch(Surroundings surroundings);

  // Who looks beside the loop, from now on; not used when that has stopped. Without it the rest is
  // told.
  void SetInquiries(Inquiries* inquiries) { inquiries_ = inquiries; }

  // The worker in the slot has ceased to run its loop; it runs it again, or has ended.
  void OnSilent(std::uint32_t slot);
  void OnAwake(std::uint32_t slot) {
    asked_.erase(slot);
    inspected_.erase(slot);
  }

  // Whose stacks were asked for, and who is looked at, for the program that replaces this one.
  state::v1::HungWatchState Save() const;
  // There: looks at all of them, kForStack after Begin.
  void Restore(const state::v1::HungWatchState& state);
  void Begin();

 private:
  struct Asked {
    pid_t pid = 0;
    std::int64_t stacks = 0;
  };

  void Inspect();
  void Conclude(std::uint32_t slot, const Subject& subject, bool has_stack,
                const ProcessMoment& moment, std::vector<std::string> locks);

  const Surroundings surroundings_;
  std::map<std::uint32_t, Asked> asked_;      // by slot
  std::map<std::uint32_t, Asked> inspected_;  // those who are looked at beside the loop
  loop::Timer timer_;
  Inquiries* inquiries_ = nullptr;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_WORKERS_HUNG_WATCH_H_
