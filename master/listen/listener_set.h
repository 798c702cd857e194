#ifndef MUSTER_MASTER_LISTEN_LISTENER_SET_H_
#define MUSTER_MASTER_LISTEN_LISTENER_SET_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "muster/listen/address.h"
#include "muster/listen/socket_rights.h"
#include "muster/master/listen/listen_attempt.h"
#include "muster/master/listen/listener.h"
#include "muster/master/listen/socket_choice.h"
#include "muster/master/listen/socket_table.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/state/deployment_state.pb.h"
#include "muster/worker/protocol/handover.h"

namespace muster::master {

// The listeners of one configuration: those of its service, which workers get, and those of the
// admin service and of the master's metrics, which the master has for itself. Copies share the
// sockets. A reload makes a new set from the current one; the set that is dropped closes only the
// sockets that the other one does not have.
class ListenerSet {
 public:
  ListenerSet() = default;

  // The listeners of `config`: those of `current` that are to be kept (socket_choice.h), and new
  // ones for the other addresses, which do not listen yet. A Unix socket whose file is gone is
  // bound anew. With REUSEPORT there is a socket for each of `workers`. `current` and its sockets
  // stay as they are. May look up users and groups. Errors have the field.
  static absl::StatusOr<ListenerSet> Make(const config::v1::Config& config, std::uint32_t workers,
                                          const ListenerSet& current);

  // Sockets that a service manager passed, which listen and which nobody uses yet. Make gives them
  // to whoever wants their address, for the service or for the master; several of one address go
  // together, also those that the manager made and those of a master before this one.
  static ListenerSet OfPassed(const std::vector<std::shared_ptr<Listener>>& sockets);
  // Whether Make would give `address` one of those.
  bool HasPassed(const listen::Address& address) const;
  // All sockets of the set, whoever they are for.
  std::vector<std::shared_ptr<Listener>> sockets() const;

  // What Make would do with the service's listeners; it does nothing. As addresses() for what is
  // there, and as the configuration has it for what is new.
  struct Plan {
    std::vector<std::string> kept;
    std::vector<std::string> made;
    std::vector<std::string> dropped;
  };
  static absl::StatusOr<Plan> PlanFor(const config::v1::Config& config, const ListenerSet& current);

  // The set for another program of this process; its sockets come into `sockets`.
  google::protobuf::RepeatedPtrField<state::v1::ListenedAddress> Save(SavedSockets& sockets) const;
  // The sockets go on as they are. Files of Unix sockets are not owned before Own. Errors name
  // the field: "listener[0].wanted: ...". `config`: the one of which the set is.
  static absl::StatusOr<ListenerSet> Restore(
      const google::protobuf::RepeatedPtrField<state::v1::ListenedAddress>& states,
      RestoredSockets& sockets, const config::v1::Config& config);
  // From now on the sockets are this process's (Listener::Own).
  void Own() const;
  // From now on they stay.
  void DisownFiles() const;

  // Listens on what is new, on what does not listen any more, and has those sockets admit clients
  // that were retired. Gives all the backlog and the sharing of their ports that the configuration
  // wants. `present`: all that this process has beside the set, which it may overlap with.
  // AlreadyExists: another socket listened first. After an error, which has the field, the sockets
  // that other sets have are as they were, and the new ones are of no use.
  absl::Status Listen(const ListenerSet& present = {});
  // The same, but as long as `attempt` is not kept, it can be taken back. After an error it has
  // what was done until then.
  absl::Status Listen(ListenAttempt& attempt, const ListenerSet& present = {});

  // The same for the sockets of the master alone, which answers before anything serves.
  absl::Status ListenForMaster();
  // Binds those Unix sockets of the master anew whose path does not lead to them any more, and
  // listens on them. Copies of the set keep the old ones. After an error what could be done is
  // done.
  absl::Status RestoreForMaster();
  // Adds the listeners of `other` whose sockets the set does not have.
  void AddFrom(const ListenerSet& other);
  // Those of its listeners whose sockets `other` does not have.
  ListenerSet Without(const ListenerSet& other) const;
  // The set without its Unix sockets that `other` does not have.
  ListenerSet WithoutUnixBut(const ListenerSet& other) const;
  // Those of its listeners of which `sockets` has one.
  ListenerSet OnlyWith(const std::vector<const Listener*>& sockets) const;
  bool Has(const Listener& socket) const;
  // What the configuration says of the listener that has the socket. Null: the set has none, or it
  // is none of the service.
  const config::v1::Listen* ConfigOf(const Listener& socket) const;
  // The sockets of the admin service, in the order of the configuration.
  std::vector<std::shared_ptr<const Listener>> ForAdmin() const { return For(SocketUser::kAdmin); }
  // The socket of the metrics; null: there is none.
  std::shared_ptr<const Listener> ForMetrics() const;
  // The set without the sockets of the service.
  ListenerSet OnlyForMaster() const;
  // The set without those of the master.
  ListenerSet OnlyForService() const;

  // The sockets for the worker with this index among the `workers` of its generation, in the order
  // of the configuration. With REUSEPORT each socket has one worker. A worker may have several of
  // one address: when there are fewer workers than before all sockets stay, since closing one would
  // lose the connections in its queue.
  std::vector<worker::HandedListener> ForWorker(std::uint32_t index, std::uint32_t workers) const;
  // Of the service, as they are bound, in the order of the configuration. Not those that one of
  // them includes.
  std::vector<std::string> addresses() const;
  // Whether the service has a socket that is bound to this, of addresses() or included in one.
  bool HasSocketAt(const std::string& address) const;
  // Those of its Unix sockets whose path does not lead to them any more: nobody can connect.
  std::vector<std::string> UnreachableAddresses() const;

 private:
  struct Shared {
    SocketUser user = SocketUser::kService;
    std::string field;  // of the address
    int place = 0;      // of the service: one more than that in the configuration
    config::v1::Listen listen;
    listen::Address wanted;  // perhaps with port 0
    listen::SocketRights rights;
    int backlog = 0;
    bool is_spread = false;  // REUSEPORT
    // It was kept since the address of another one includes its own. It is as that one in all else.
    bool is_within = false;
    bool is_beside = false;  // its sockets are to be made beside others
    // One, or if it is spread at least one for each worker.
    std::vector<std::shared_ptr<Listener>> sockets;
  };

  static absl::StatusOr<Shared> RestoreShared(const state::v1::ListenedAddress& state,
                                              RestoredSockets& sockets,
                                              const config::v1::Config& config);
  static absl::StatusOr<Shared> Read(const config::v1::Config& config, int index);
  static absl::StatusOr<Shared> ReadForMaster(SocketUser user, const std::string& field,
                                              const std::string& address,
                                              const listen::SocketRights& rights);
  std::vector<std::shared_ptr<const Listener>> For(SocketUser user) const;
  bool Has(const Shared& shared) const;
  static PresentSocket PresentAs(const Shared& shared);
  // Gives `listeners_` the sockets of `current` that are kept, and adds those that are within.
  void TakeOver(const ListenerSet& current);
  absl::Status Complete(Shared& shared, std::size_t sockets, const ListenerSet& current) const;
  // Who has the address that is in use, if it is one of this master's processes.
  absl::Status ExplainInUse(const absl::Status& status, const listen::Address& wanted,
                            const ListenerSet& current) const;

  std::vector<Shared> listeners_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_LISTEN_LISTENER_SET_H_
