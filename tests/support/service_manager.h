#ifndef MUSTER_TESTS_SUPPORT_SERVICE_MANAGER_H_
#define MUSTER_TESTS_SUPPORT_SERVICE_MANAGER_H_

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "muster/ipc/base/unique_fd.h"
#include "muster/master/systemd/notification_socket.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {

// What systemd does for a unit of Type=notify: it starts the master with the sockets of its socket
// units and with what the store has, hears when it is ready, and keeps the descriptors that the
// master leaves there.
class ServiceManager {
 public:
  // Of a master that is not started yet, and outlives the object.
  explicit ServiceManager(RunningMaster& muster);

  // A socket of a socket unit with this FileDescriptorName. The descriptor stays open.
  void AddSocket(const std::string& name, ipc::UniqueFd socket);
  // FileDescriptorStoreMax. 0, at first: there is no store.
  void SetStoreSize(int size) { store_size_ = size; }
  // Instead of what is right: "LISTEN_PID=1".
  void SetVariable(const std::string& variable) { variables_ = variable; }

  // Starts the master, and does not wait.
  void Launch();
  // Starts the master and waits until it is ready. False: it ended, or never became ready.
  bool Start();
  // Kills the master and its workers, as the unit's processes are killed.
  void KillAll();
  // Reads what the master has sent until now.
  void Read();
  // Reads until it is so; false after kPatience.
  bool Await(const std::function<bool()>& is_so);
  std::vector<std::string> stored_names();
  // How often the master has left something there.
  int stores() const { return stores_; }
  const std::string& notify_path() const { return path_; }

 private:
  // Whether there was one.
  bool ReadOne();

  RunningMaster& muster_;
  const std::string path_;
  const master::NotificationSocket notifications_;
  std::vector<std::pair<std::string, ipc::UniqueFd>> sockets_;
  std::map<std::string, ipc::UniqueFd> store_;
  int store_size_ = 0;
  int stores_ = 0;
  bool is_ready_ = false;
  std::string variables_;
};

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_SERVICE_MANAGER_H_
