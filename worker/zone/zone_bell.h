#ifndef MUSTER_WORKER_ZONE_ZONE_BELL_H_
#define MUSTER_WORKER_ZONE_ZONE_BELL_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::worker {

// Watches the bell of a user zone in a worker's loop. Calls back after UserZone::Ring in any
// process, once for several rings that come together, and once at the start. What a process wrote
// before it rang is visible in the callback. So a callback that looks at everything misses nothing.
// Destruction ends the watching. In the loop's thread.
class ZoneBell : public loop::Handler {
 public:
  // `loop` and `zone` must outlive it. Error: the loop cannot add the bell.
  static absl::StatusOr<std::unique_ptr<ZoneBell>> Watch(loop::EventLoop& loop,
                                                         const UserZone& zone,
                                                         std::function<void()> callback);
  ~ZoneBell() override;

  void OnEvents(std::uint32_t events) override;

 private:
  ZoneBell(loop::EventLoop& loop, const UserZone& zone, std::function<void()> callback)
      : loop_(loop), zone_(zone), callback_(std::move(callback)) {}

  loop::EventLoop& loop_;
  const UserZone& zone_;
  std::function<void()> callback_;
  bool is_added_ = false;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_ZONE_BELL_H_
