#ifndef MUSTER_MASTER_LISTEN_PROCESS_LISTENERS_H_
#define MUSTER_MASTER_LISTEN_PROCESS_LISTENERS_H_

#include <sys/types.h>

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "muster/listen/address.h"

namespace muster::master {

// The addresses on which process `pid` listens, as far as they are in this process's network
// namespace. They may have changed by the time of the return. NotFound: no such process.
// PermissionDenied: this process may not see its descriptors.
absl::StatusOr<std::vector<listen::Address>> ListeningAddresses(pid_t pid);

// A child of this process that keeps it from listening on `address`. Nothing: no child can be seen
// to do so.
std::optional<pid_t> FindChildAt(const listen::Address& address);

}  // namespace muster::master

#endif  // MUSTER_MASTER_LISTEN_PROCESS_LISTENERS_H_
