#ifndef MUSTER_MASTER_ASIDE_CLOSE_ASIDE_H_
#define MUSTER_MASTER_ASIDE_CLOSE_ASIDE_H_

#include <vector>

#include "muster/ipc/base/unique_fd.h"

namespace muster::master {

// Closes a descriptor in a thread of its own, for which nobody waits. For descriptors by which a
// process that is not trusted can hold up whoever closes them: a connection that lingers
// (SO_LINGER) until its peer has taken everything, or the socket of a channel in which such a
// connection waits. The kernel does not let the end of this process wait for it.
//
// Thread-safe. If no thread can be made, it stays open: better that than to wait.
void CloseAside(ipc::UniqueFd fd);
// The same for several, one after the other in one thread.
void CloseAside(std::vector<ipc::UniqueFd> fds);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ASIDE_CLOSE_ASIDE_H_
