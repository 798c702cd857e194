#ifndef MUSTER_MASTER_WORKERS_WORKER_PULSE_H_
#define MUSTER_MASTER_WORKERS_WORKER_PULSE_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>

#include "muster/ipc/lock/owner_tag.h"
#include "muster/loop/clock.h"
#include "muster/master/process/supervised_worker.h"
#include "muster/worker/zone/shared_zone.h"

namespace muster::master {

// A worker's loop beats once a second (worker/runtime/heartbeat.h). Between two beats it is not
// late.
inline constexpr std::chrono::milliseconds kAliveFor{1200};

// How long ago the process with `tag` beat last, by what it wrote into the registry: a worker may
// lie. Nothing: it has not beaten yet, or says that it will in the future.
std::optional<loop::Clock::duration> SinceHeartbeat(const worker::SharedZone& zone,
                                                    ipc::OwnerTag tag, loop::TimePoint now);

// The same of whoever has that slot.
std::optional<loop::Clock::duration> SinceHeartbeat(const worker::SharedZone& zone,
                                                    std::uint32_t slot, loop::TimePoint now);

// What silence counts.
struct Silence {
  // After this long without a beat a worker is taken to be stuck in one call of its service. Zero:
  // never.
  loop::Clock::duration most{};
  // Time before that does not count: the master, and perhaps the whole machine, did not run.
  loop::TimePoint counted_from{};
};

// Since the last beat, as far as that counts, if a worker that is ready does not run its loop: the
// process is stopped (SIGSTOP), or has not beaten for too long. Who has not beaten at all is
// another's program, and is hung only while it is stopped, for an unknown time, which is 0: the
// runtime of a worker beats before it says READY.
std::optional<loop::Clock::duration> HungFor(const SupervisedWorker& process,
                                             const worker::SharedZone& zone, ipc::OwnerTag tag,
                                             const Silence& silence, loop::TimePoint now);

// The same by pid and slot, in any thread. A process that is gone by now is not hung. Whoever has
// beaten within kAliveFor is not asked after: that he was stopped since is seen as much later.
std::optional<loop::Clock::duration> HungFor(pid_t pid, const worker::SharedZone& zone,
                                             std::uint32_t slot, const Silence& silence,
                                             loop::TimePoint now);

}  // namespace muster::master

#endif  // MUSTER_MASTER_WORKERS_WORKER_PULSE_H_
