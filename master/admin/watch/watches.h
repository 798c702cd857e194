#ifndef MUSTER_MASTER_ADMIN_WATCH_WATCHES_H_
#define MUSTER_MASTER_ADMIN_WATCH_WATCHES_H_

#include <atomic>
#include <functional>

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
  // Begin a call. `count` counts those under way, and outlives them. `follow`: as WatchCall has it.
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchEvents(const grpc::ByteBuffer& request,
                                                          std::atomic<int>& count, Follow follow);
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchStatus(const grpc::ByteBuffer& request,
                                                          std::atomic<int>& count, Follow follow);

 private:
  EventRing& ring_;
  EventMessages events_;
  StatusMessages statuses_;
  Feed feed_;
};

// A call of a stream that has ended before it began.
class EndedStream final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  explicit EndedStream(const grpc::Status& status) { Finish(status); }

 private:
  void OnDone() override { delete this; }
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_WATCH_WATCHES_H_
