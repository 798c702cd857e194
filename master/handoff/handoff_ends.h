#ifndef MUSTER_MASTER_HANDOFF_HANDOFF_ENDS_H_
#define MUSTER_MASTER_HANDOFF_HANDOFF_ENDS_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"

namespace muster::master {

// The master's ends of the queue by which workers hand connections off (docs/HANDOFF.md). The
// master passes both ends to every worker, and keeps them, so that what is in the queue outlives
// every worker.
class HandoffEnds {
 public:
  static absl::StatusOr<HandoffEnds> Create();

  // Takes over both ends in the program that replaces the one that made them. InvalidArgument: they
  // are no ends of a channel.
  static absl::StatusOr<HandoffEnds> Adopt(ipc::UniqueFd take, ipc::UniqueFd give);

  int take_fd() const { return ends_.first.fd(); }
  int give_fd() const { return ends_.second.fd(); }

  // Puts a connection that was just accepted into the queue, for a worker that serves. `state`: of
  // worker/protocol/fresh_state.h. The descriptor stays the caller's. False: the queue has no room,
  // or the kernel refuses it for now.
  bool Give(int connection, const std::string& state) const;

  // For the moment at which no process is left that would take them: closes the connections in the
  // queue. Returns how many. Does not block, whatever a worker has put into it: the connections
  // must not linger (SO_LINGER), and what is no connection is closed aside.
  std::size_t CloseAll() const;

 private:
  explicit HandoffEnds(ipc::Channel::Pair ends) : ends_(std::move(ends)) {}

  ipc::Channel::Pair ends_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_HANDOFF_HANDOFF_ENDS_H_
