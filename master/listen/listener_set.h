#ifndef MUSTER_MASTER_LISTEN_LISTENER_SET_H_
#define MUSTER_MASTER_LISTEN_LISTENER_SET_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/master/listen/address.h"
#include "muster/master/listen/listen_attempt.h"
#include "muster/master/listen/listener.h"
#include "muster/master/listen/socket_rights.h"
#include "muster/proto/config.pb.h"

namespace muster::master {

// The listeners of one configuration: those of its service, which workers get, and those of the
// admin service and of the master's metrics, which the master has for itself. Copies share the
// sockets. A reload makes a new set from the current one; the set that is dropped closes only the
// sockets that the other one does not have.
class ListenerSet {
 public:
  // One socket of the set.
  struct Entry {
    std::string address;  // as it is really bound
    int fd = -1;          // the set's
  };

  ListenerSet() = default;

  // The listeners of `config`: those of `current` that are wanted again, and new ones for the other
  // addresses, which do not listen yet. They are found by what they are bound to, however that is
  // written: an address and a port, or the file to which a path leads. Port 0 finds one that got
  // its port in the same way. A Unix socket whose file is gone is bound anew. With REUSEPORT there
  // is a socket for each of `workers`. A socket never passes from the
  // service to the master, or the other way round. `current` and its sockets stay as they are. May
  // look up users and groups. Errors have the field.
  static absl::StatusOr<ListenerSet> Make(const config::v1::Config& config, std::uint32_t workers,
                                          const ListenerSet& current);

  // What Make would do with the service's listeners; it does nothing. As addresses() for what is
  // there, and as the configuration has it for what is new.
  struct Plan {
    std::vector<std::string> kept;
    std::vector<std::string> made;
    std::vector<std::string> dropped;
  };
  static absl::StatusOr<Plan> PlanFor(const config::v1::Config& config, const ListenerSet& current);

  // Listens on what is new, and gives all the backlog and the sharing of their ports that the
  // configuration wants. AlreadyExists: another socket listened first. After an error, which has
  // the field, the sockets that other sets have are as they were, and the new ones are of no use.
  absl::Status Listen();
  // The same, but as long as `attempt` is not kept, it can be taken back. After an error it has
  // what was done until then.
  absl::Status Listen(ListenAttempt& attempt);

  // The same for the sockets of the master alone, which answers before anything serves.
  absl::Status ListenForMaster();
  // Binds those Unix sockets of the master anew whose path does not lead to them any more, and
  // listens on them. Copies of the set keep the old ones. After an error what could be done is
  // done.
  absl::Status RestoreForMaster();
  // Adds the listeners of `other` whose sockets the set does not have.
  void AddFrom(const ListenerSet& other);
  // The sockets of the admin service, in the order of the configuration.
  std::vector<std::shared_ptr<const Listener>> ForAdmin() const { return For(User::kAdmin); }
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
  std::vector<Entry> ForWorker(std::uint32_t index, std::uint32_t workers) const;
  // Of the service, as they are bound, in the order of the configuration.
  std::vector<std::string> addresses() const;
  // Those of its Unix sockets whose path does not lead to them any more: nobody can connect.
  std::vector<std::string> UnreachableAddresses() const;

 private:
  enum class User { kService, kAdmin, kMetrics };

  struct Shared {
    User user = User::kService;
    std::string field;  // of the address
    Address wanted;     // perhaps with port 0
    SocketRights rights;
    int backlog = 0;
    bool is_spread = false;  // REUSEPORT
    // One, or if it is spread at least one for each worker.
    std::vector<std::shared_ptr<Listener>> sockets;
  };

  static absl::StatusOr<Shared> Read(const config::v1::Config& config, int index);
  static absl::StatusOr<Shared> ReadForMaster(User user, const std::string& field,
                                              const std::string& address,
                                              const SocketRights& rights);
  std::vector<std::shared_ptr<const Listener>> For(User user) const;
  // Whether the sockets of `candidate` are what `wanted` asks for.
  static bool Fits(const Shared& candidate, const Address& wanted);
  // Gives `listeners_` the sockets of `current` that fit, each once.
  void TakeOver(const ListenerSet& current);
  absl::Status Complete(Shared& shared, std::size_t sockets, const ListenerSet& current) const;
  // Who has the address that is in use, if it is one of this master's processes.
  absl::Status ExplainInUse(const absl::Status& status, const Address& wanted,
                            const ListenerSet& current) const;

  std::vector<Shared> listeners_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_LISTEN_LISTENER_SET_H_
