#ifndef MUSTER_WORKER_RUNTIME_FATAL_REPORT_H_
#define MUSTER_WORKER_RUNTIME_FATAL_REPORT_H_

#include <sys/types.h>

#include <atomic>
#include <exception>

#include "absl/strings/string_view.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/worker/zone/last_words.h"

namespace muster::worker {

// As long as it lives, the reason for which this process ends itself is written into the shared
// zone, where the master reads it when the process is dead: a MUSTER_CHECK that fails, an exception
// that nobody catches, in any thread. The process ends as it would otherwise.
//
// One object in a process. A child of fork reports nothing.
class FatalReport {
 public:
  // `words`, which are those of the slot of `tag`, outlive it.
  FatalReport(LastWords& words, ipc::OwnerTag tag);
  ~FatalReport();
  FatalReport(const FatalReport&) = delete;
  FatalReport& operator=(const FatalReport&) = delete;

  // The process ends for this reason. Only the first one counts: what follows comes of it. Neither
  // allocates memory nor waits. Thread-safe.
  void Say(absl::string_view reason);

 private:
  LastWords& words_;
  const ipc::OwnerTag tag_;
  const pid_t pid_;
  std::atomic_flag has_spoken_ = ATOMIC_FLAG_INIT;
  std::terminate_handler previous_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_FATAL_REPORT_H_
