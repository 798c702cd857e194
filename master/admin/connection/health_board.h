#ifndef MUSTER_MASTER_ADMIN_CONNECTION_HEALTH_BOARD_H_
#define MUSTER_MASTER_ADMIN_CONNECTION_HEALTH_BOARD_H_

#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace muster::master {

// What is healthy, by name: one thread writes it, health probes read and watch it in gRPC's
// threads. Thread-safe. Calls never wait for a client.
class HealthBoard {
 public:
  // True: it serves.
  using States = std::map<std::string, bool>;

  // Somebody who is shown each change of one name.
  class Watcher {
   public:
    // The state now; nothing if there is no such name. Called under the board's lock: must neither
    // block nor call the board.
    virtual void Show(std::optional<bool> state) = 0;
    // Nothing more will be shown. Called as Show.
    virtual void End() = 0;

   protected:
    ~Watcher() = default;
  };

  // Replaces all states, and shows the watchers what changed.
  void Set(States states);
  // Ends all watchers, also those that come later. Read goes on.
  void Close();
  // Takes watchers again.
  void Open();

  // Nothing: there is no such name.
  std::optional<bool> Read(const std::string& name) const;
  // Shows `watcher` the state of `name` in this call, and each change until Remove has returned.
  void Add(const std::string& name, Watcher* watcher);
  // Does nothing for a watcher that is not there.
  void Remove(Watcher* watcher);

 private:
  std::optional<bool> Find(const std::string& name) const;

  mutable std::mutex mutex_;
  States states_;
  std::map<Watcher*, std::string> watchers_;
  bool is_closed_ = false;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONNECTION_HEALTH_BOARD_H_
