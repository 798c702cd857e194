#ifndef MUSTER_MASTER_ADMIN_WATCH_WATCHES_H_
#define MUSTER_MASTER_ADMIN_WATCH_WATCHES_H_

#include <atomic>
#include <functional>
#include <utility>

#include "grpcpp/grpcpp.h"
#include "muster/master/admin/watch/event_messages.h"
#include "muster/master/admin/watch/feed.h"
#include "muster/master/admin/watch/status_messages.h"
#include "muster/master/admin/watch/watch_call.h"
#include "muster/master/events/event_ring.h"
#include "muster/proto/admin.pb.h"

namespace muster::master {

// The calls of WatchEvents and WatchStatus of all connections. Thread-safe.
class Watches {
 public:
  // `ring` outlives it. `status` is called in a thread of its own.
  Watches(EventRing& ring, std::function<admin::v1::Status()> status);
  ~Watches() { Close(); }
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;

  // Ends the calls under way and every later one with UNAVAILABLE.
  void Close();

  using Follow = WatchCall::Follow;
  using Ended = WatchCall::Ended;
  // Begin a call. `count` counts those under way, and outlives them. `follow`, `ended`: as
  // WatchCall has them; `ended` is called for those that are refused, too.
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchEvents(const grpc::ByteBuffer& request,
                                                          std::atomic<int>& count, Follow follow,
                                                          Ended ended);
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchStatus(const grpc::ByteBuffer& request,
                                                          std::atomic<int>& count, Follow follow,
                                                          Ended ended);

 private:
  EventRing& ring_;
  EventMessages events_;
  StatusMessages statuses_;
  Feed feed_;
};

// A call of a stream that has ended before it began.
class EndedStream final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  // `ended`: as WatchCall has it.
  EndedStream(const grpc::Status& status, Watches::Ended ended)
      : code_(status.error_code()), ended_(std::move(ended)) {
    Finish(status);
  }

 private:
  void OnDone() override {
    if (ended_) ended_(code_);
    delete this;
  }

  const grpc::StatusCode code_;
  const Watches::Ended ended_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_WATCH_WATCHES_H_
