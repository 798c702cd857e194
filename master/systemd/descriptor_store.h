#ifndef MUSTER_MASTER_SYSTEMD_DESCRIPTOR_STORE_H_
#define MUSTER_MASTER_SYSTEMD_DESCRIPTOR_STORE_H_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "muster/loop/timer.h"
#include "muster/master/systemd/manager_socket.h"

namespace muster::master {

// Leaves descriptors with the service manager, which passes them to the next master when the unit
// is restarted, however this one ended (FDSTORE=1 of sd_notify(3)). On if the manager says that it
// has room: $FDSTORE is more than 0, and there is $NOTIFY_SOCKET. systemd sets it from version 254
// on; an older one needs it in the unit. Without room systemd would refuse each descriptor with a
// warning.
//
// No function blocks: what the manager does not take now is sent later, from the loop. Used in the
// loop's thread.
class DescriptorStore {
 public:
  // What the store shall have. The manager knows it by its name, so two never have the same
  // (stored_name.h).
  struct Entry {
    std::string name;
    int fd = -1;
    // Who has the descriptor open. If it is gone before the manager has taken the descriptor, the
    // manager gets nothing.
    std::weak_ptr<const void> owner;
    // False: the manager need not watch whether the descriptor is hung up. Memory never is.
    bool can_hang_up = true;
  };

  // Reads $FDSTORE. `timers`: the event loop, which outlives the object.
  explicit DescriptorStore(loop::TimerQueue& timers);

  bool is_on() const { return is_on_; }
  // What the store has already: what it passed to this process, or what the program before left
  // there. Before Keep.
  void SetStored(const std::vector<std::string>& names);
  // From now on the store has these: what is new there is sent, what is not among them is removed.
  // Nothing happens if it is not on.
  void Keep(std::vector<Entry> entries);
  // What it has, as far as this process knows, in the order of the names.
  std::vector<std::string> stored() const { return {stored_.begin(), stored_.end()}; }

 private:
  void SendAll();

  ManagerSocket socket_;
  bool is_on_ = false;
  std::map<std::string, Entry> wanted_;
  std::set<std::string> stored_;
  loop::Timer again_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_SYSTEMD_DESCRIPTOR_STORE_H_
