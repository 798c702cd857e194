#ifndef MUSTER_MASTER_ADMIN_WATCH_STATUS_MESSAGES_H_
#define MUSTER_MASTER_ADMIN_WATCH_STATUS_MESSAGES_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "grpcpp/grpcpp.h"
#include "muster/master/admin/watch/watch_call.h"
#include "muster/proto/admin.pb.h"

namespace muster::master {

// The messages of WatchStatus: a reader's position is the version of the status that it has.
// Readers that look at the same time are sent the same bytes. One thread, the feed's.
class StatusMessages {
 public:
  // How old a status may be that is sent to another reader.
  static constexpr std::chrono::milliseconds kFresh{20};

  // `status` is called in the feed's thread.
  explicit StatusMessages(std::function<admin::v1::Status()> status) : status_(std::move(status)) {}

  WatchMessage After(std::uint64_t position, bool is_first);

 private:
  using Clock = std::chrono::steady_clock;

  void Refresh();

  const std::function<admin::v1::Status()> status_;
  Clock::time_point made_at_{};
  std::uint64_t version_ = 0;
  std::string essence_;  // what the version says
  std::shared_ptr<const grpc::ByteBuffer> bytes_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_WATCH_STATUS_MESSAGES_H_
