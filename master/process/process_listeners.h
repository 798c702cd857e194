#ifndef MUSTER_MASTER_PROCESS_PROCESS_LISTENERS_H_
#define MUSTER_MASTER_PROCESS_PROCESS_LISTENERS_H_

#include <sys/types.h>

#include <vector>

#include "absl/status/statusor.h"
#include "muster/master/process/address.h"

namespace muster::master {

// The addresses on which process `pid` listens, as far as they are in this process's network
// namespace; already history when they are returned. NotFound: there is no such process.
// PermissionDenied: the kernel does not show its descriptors to this one.
absl::StatusOr<std::vector<Address>> ListeningAddresses(pid_t pid);

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_PROCESS_LISTENERS_H_
