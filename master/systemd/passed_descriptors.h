#ifndef MUSTER_MASTER_SYSTEMD_PASSED_DESCRIPTORS_H_
#define MUSTER_MASTER_SYSTEMD_PASSED_DESCRIPTORS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::master {

// The descriptors that a service manager passed to this process: sockets that it made, and what an
// earlier master left in its store (descriptor_store.h).
struct PassedDescriptors {
  struct One {
    ipc::UniqueFd fd;  // exec closes it
    std::string name;
    // "descriptor 3 (muster.socket)", in one line.
    std::string Describe() const;
  };
  std::vector<One> all;
  // One line: why there are none although the manager passed some. Empty: it did not.
  std::string ignored;

  // Takes them, and removes the variables that begin with LISTEN_ from the environment: no child
  // and no program after this one may take the descriptors for its own. Before there are other
  // threads. InvalidArgument: as ReadPassedNames, or a descriptor is not open.
  static absl::StatusOr<PassedDescriptors> Take();
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_SYSTEMD_PASSED_DESCRIPTORS_H_
