#ifndef MUSTER_MASTER_SYSTEMD_ACTIVATION_H_
#define MUSTER_MASTER_SYSTEMD_ACTIVATION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "muster/master/listen/listener.h"
#include "muster/master/listen/listener_set.h"
#include "muster/master/process/log.h"
#include "muster/master/systemd/passed_descriptors.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::master {

// What a service manager has passed to a master that starts: sockets of socket units, which it made
// and keeps, and what a master before this one has left in its store. What cannot be used is logged
// with its descriptor and name, and does not keep the master from starting. One thread.
class Activation {
 public:
  // Looks at what was passed. The sockets are ready; the zones are not made yet.
  static Activation Of(PassedDescriptors passed, Log& log);

  // Attaches the zones that `config` declares, and releases what dead workers held in them. Waits
  // for that, for each zone up to `timeout`. Errors: as CallInTime.
  absl::Status AttachZones(const config::v1::Config& config, absl::Duration timeout, Log& log);

  // Ends those sockets of the store whose address `config` does not name, with the clients that
  // wait in them: they would be in the way of an address that overlaps, since the manager has them
  // open as well. Looks at the paths of Unix sockets.
  void CloseUnwanted(const config::v1::Config& config, Log& log);

  const ListenerSet& listeners() const { return listeners_; }
  const worker::UserZones& zones() const { return zones_; }

  // Once the first deployment has its listeners: closes what the store had and `used` has not, and
  // logs what nobody accepts at. Returns the sockets of socket units, used or not: they stay open.
  ListenerSet Settle(const ListenerSet& used, Log& log);
  // What the store has, also what is of no use.
  const std::vector<std::string>& stored() const { return stored_; }

 private:
  struct Socket {
    std::shared_ptr<Listener> listener;
    std::string described;  // "descriptor 3 (muster.socket)"
  };
  struct Zone {
    PassedDescriptors::One memory;
    std::uint64_t instance_id = 0;
    std::string name;
  };

  void Add(PassedDescriptors::One one, Log& log);
  void SetListeners();
  // Whether ListenerSet::Make would keep it.
  bool IsWanted(const config::v1::Config& config, const std::shared_ptr<Listener>& socket) const;

  std::vector<Socket> sockets_;
  std::vector<Zone> waiting_;  // for AttachZones
  std::vector<std::string> stored_;
  ListenerSet listeners_;
  worker::UserZones zones_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_SYSTEMD_ACTIVATION_H_
