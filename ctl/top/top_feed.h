#ifndef MUSTER_CTL_TOP_TOP_FEED_H_
#define MUSTER_CTL_TOP_TOP_FEED_H_

#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "muster/ctl/master/master_connection.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/zone_call.pb.h"

namespace muster::ctl {

// What has come since the last look.
struct TopNews {
  std::optional<admin::v1::Status> status;
  absl::Duration taken;  // when the status came, by a clock that is never set
  std::optional<admin::v1::ListLocksResponse> locks;  // contended, a moment after the status
  absl::Duration locks_taken;                         // as `taken`
  std::vector<admin::v1::Event> events;
  absl::Status trouble;  // why nothing comes; OK: it does
};

// Asks a master for its status and its locks again and again, and follows its events, in a thread
// of its own. After a lost connection it connects again, for ever. The destructor ends the thread,
// and a call that is under way. It waits only while the thread connects.
class TopFeed {
 public:
  // `first`: the connection to begin with; `connect`: for later ones.
  TopFeed(MasterConnection first, std::function<absl::StatusOr<MasterConnection>()> connect,
          absl::Duration interval);
  ~TopFeed();
  TopFeed(const TopFeed&) = delete;
  TopFeed& operator=(const TopFeed&) = delete;

  // Readable when there is news.
  int fd() const { return news_fd_.get(); }
  // Does not wait.
  TopNews Take();

 private:
  void Run(std::optional<MasterConnection> master);
  // Until the connection is lost or the feed ends.
  absl::Status Feed(MasterConnection& master);
  void FeedLocks(MasterConnection& master);
  // Whether a stream of events that ends so is left out, for ever or for a while. False: the
  // connection is lost.
  bool GoesOnWithoutEvents(const absl::Status& why);
  void Tell(const std::function<void(TopNews&)>& change);
  bool is_over() const;
  // Lets the destructor cancel the calls of `master`, until null is set.
  void SetAsked(MasterConnection* master);

  const std::function<absl::StatusOr<MasterConnection>()> connect_;
  const absl::Duration interval_;
  const ipc::UniqueFd news_fd_;
  // Where the events go on: the thread's.
  admin::v1::WatchEventsRequest events_;
  // When they are asked for; never if the master does not let us. The thread's.
  absl::Duration next_events_;
  // When the locks are asked for again; never if the master does not let us. The thread's.
  absl::Duration next_locks_;

  mutable std::mutex mutex_;
  TopNews news_;                       // guarded by mutex_
  bool is_over_ = false;               // guarded by mutex_
  MasterConnection* asked_ = nullptr;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TOP_TOP_FEED_H_
