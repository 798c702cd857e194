#ifndef MUSTER_MASTER_LISTEN_SOCKET_TABLE_H_
#define MUSTER_MASTER_LISTEN_SOCKET_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "muster/master/keep/descriptor_inheritance.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/master/listen/listener.h"
#include "muster/proto/state/deployment_state.pb.h"

namespace muster::master {

// The sockets that several listener sets have, each once, for another program of this process. What
// the sets share is shared again there. One thread.
class SavedSockets {
 public:
  // The place of the socket in the list.
  std::uint32_t PlaceOf(const std::shared_ptr<Listener>& socket);

  // All of them, in their order.
  google::protobuf::RepeatedPtrField<state::v1::Socket> Save(DescriptorKeep& keep) const;

 private:
  std::vector<std::shared_ptr<Listener>> sockets_;
  std::map<const Listener*, std::uint32_t> places_;
};

// The way back.
class RestoredSockets {
 public:
  // As Listener::Restore. Errors name the socket, too: "socket[2].address: ...".
  static absl::StatusOr<RestoredSockets> Restore(
      const google::protobuf::RepeatedPtrField<state::v1::Socket>& states,
      DescriptorInheritance& descriptors);

  // InvalidArgument: there is no such place.
  absl::StatusOr<std::shared_ptr<Listener>> At(std::uint32_t place);
  // InvalidArgument: a socket that was never asked for. It would be closed.
  absl::Status CheckAllTaken() const;

 private:
  struct Socket {
    std::shared_ptr<Listener> listener;
    bool is_taken = false;
  };

  std::vector<Socket> sockets_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_LISTEN_SOCKET_TABLE_H_
