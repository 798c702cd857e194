#ifndef MUSTER_CTL_TOP_TOP_SENDER_H_
#define MUSTER_CTL_TOP_TOP_SENDER_H_

#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "absl/status/statusor.h"
#include "muster/ctl/master/master_connection.h"
#include "muster/ctl/top/top_order.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ctl {

// Sends orders to a master, one at a time, each over a connection of its own, in a thread. The
// destructor ends the call that is under way; the master may carry the order out nevertheless. It
// waits only while the thread connects.
class TopSender {
 public:
  // `connect` is called by the thread.
  explicit TopSender(std::function<absl::StatusOr<MasterConnection>()> connect);
  ~TopSender();
  TopSender(const TopSender&) = delete;
  TopSender& operator=(const TopSender&) = delete;

  // Returns at once. The outcome of the last order was taken, if there was one. Before it is sent
  // the master is asked for its status, and nothing is sent if the order would reach another
  // process (WhyNotSent). The master refuses it if it does then.
  void Send(const TopOrder& order);

  // Readable when an outcome is there.
  int fd() const { return outcome_fd_.get(); }
  // Does not wait. Empty: there is none yet.
  std::optional<TopOutcome> Take();

 private:
  TopOutcome Give(const TopOrder& order);
  static TopOutcome GiveTo(MasterConnection& master, const TopOrder& order);

  const std::function<absl::StatusOr<MasterConnection>()> connect_;
  const ipc::UniqueFd outcome_fd_;

  std::mutex mutex_;
  std::optional<TopOutcome> outcome_;  // guarded by mutex_
  bool is_over_ = false;               // guarded by mutex_
  MasterConnection* asked_ = nullptr;  // guarded by mutex_; lets the destructor cancel its calls
  std::thread thread_;                 // of the last order
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TOP_TOP_SENDER_H_
