#ifndef MUSTER_IPC_BASE_NAPS_H_
#define MUSTER_IPC_BASE_NAPS_H_

#include "absl/time/time.h"
#include "muster/ipc/base/deadline.h"

namespace muster::ipc {

// The pauses between looks at something that gives no notice. They begin at 50 microseconds and
// double, up to 5 milliseconds.
class Naps {
 public:
  // Sleeps until the pause is over or `deadline` comes. A signal makes it shorter.
  void Take(Deadline deadline);

 private:
  absl::Duration next_ = absl::Microseconds(50);
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_BASE_NAPS_H_
