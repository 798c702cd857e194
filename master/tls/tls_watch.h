#ifndef MUSTER_MASTER_TLS_TLS_WATCH_H_
#define MUSTER_MASTER_TLS_TLS_WATCH_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/loop/timer.h"
#include "muster/loop/timer_queue.h"
#include "muster/master/aside/side_thread.h"
#include "muster/master/tls/tls_material.h"
#include "muster/proto/config.pb.h"

namespace muster::master {

// Looks at the files of TLS in a thread beside the loop, and tells the loop what they have next.
// What does not belong together is told once, as the error that TlsMaterial::Read gives, and looked
// at again: who replaces three files does so in three steps. gRPC's own watcher would put a new
// certificate in force before its key is there. In the loop's thread.
class TlsWatch {
 public:
  // What is new is told after twice as long at most, unless a file system hangs.
  static constexpr std::chrono::milliseconds kInterval{500};

  // Called in the loop's thread. `timers`, which is the loop, outlives the watch; `now` is what the
  // files had. ResourceExhausted: no thread can be started.
  using OnChange = std::function<void(const absl::StatusOr<TlsMaterial>&)>;
  static absl::StatusOr<std::unique_ptr<TlsWatch>> Start(loop::TimerQueue& timers,
                                                         const config::v1::AdminTls& files,
                                                         const TlsMaterial& now,
                                                         OnChange on_change);

  const config::v1::AdminTls& files() const { return files_; }

  // To be destroyed elsewhere, since it may hang in a file system. Destroy this next, in the loop's
  // thread.
  std::unique_ptr<SideThread> TakeThread() { return std::move(thread_); }

 private:
  struct Shared;

  TlsWatch(loop::TimerQueue& timers, const config::v1::AdminTls& files, const TlsMaterial& now,
           OnChange on_change, std::unique_ptr<SideThread> thread);
  void Look();
  void Tell(const absl::StatusOr<TlsMaterial>& found);

  const config::v1::AdminTls files_;
  const OnChange on_change_;
  TlsMaterial now_;
  std::string told_;                      // the last problem
  const std::shared_ptr<Shared> shared_;  // the thread has it too
  std::unique_ptr<SideThread> thread_;
  loop::Timer timer_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_TLS_TLS_WATCH_H_
