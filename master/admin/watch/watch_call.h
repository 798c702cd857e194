#ifndef MUSTER_MASTER_ADMIN_WATCH_WATCH_CALL_H_
#define MUSTER_MASTER_ADMIN_WATCH_WATCH_CALL_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "grpcpp/grpcpp.h"
#include "muster/master/admin/watch/feed.h"

namespace muster::master {

// What a reader is to be sent next.
struct WatchMessage {
  std::shared_ptr<const grpc::ByteBuffer> bytes{};  // null: there is no news
  std::uint64_t next = 0;                           // where the reader is after it
  bool is_last = true;                              // false: there is more already
};

// One call whose answer is a stream of what is new. It has a position and no queue: at most one
// message is on its way to the client, and what comes meanwhile is for the next one. Its own gRPC
// reactor, which deletes itself when gRPC is done with it.
class WatchCall final : public grpc::ServerWriteReactor<grpc::ByteBuffer>, public Feed::Reader {
 public:
  // What is new for a reader at `position`; for the first message something in any case. Called in
  // the feed's thread.
  using Source = std::function<WatchMessage(std::uint64_t position, bool is_first)>;

  struct Terms {
    Feed::Kind kind;
    Feed::Clock::duration interval;
    std::uint64_t position;
  };

  // Has somebody follow the call, as long as what it returns is there: who calls `deny` with the
  // reason when the caller may not have the stream any more, at once perhaps. Null: nobody.
  using Deny = std::function<void(const grpc::Status&)>;
  using Follow = std::function<std::shared_ptr<void>(Deny deny)>;

  // Called with the code of its status when gRPC is done with it, while its context is still there.
  using Ended = std::function<void(grpc::StatusCode)>;

  // `feed`, and the count of such calls under way, outlive the call. The caller gives the reactor
  // to gRPC.
  static grpc::ServerWriteReactor<grpc::ByteBuffer>* Begin(Feed& feed, const Terms& terms,
                                                           Source source, std::atomic<int>& count,
                                                           const Follow& follow = nullptr,
                                                           Ended ended = nullptr);

  void Look() override;
  void End() override;

 private:
  WatchCall(Feed& feed, std::uint64_t position, Source source, std::atomic<int>& count, Ended ended)
      : feed_(feed),
        source_(std::move(source)),
        count_(count),
        ended_(std::move(ended)),
        position_(position) {}

  void OnWriteDone(bool is_written) override;
  void OnCancel() override;
  void OnDone() override;
  void FinishOnce(const grpc::Status& status);

  Feed& feed_;
  const Source source_;
  std::atomic<int>& count_;
  const Ended ended_;
  std::shared_ptr<WatchCall> self_;  // until gRPC is done
  std::shared_ptr<void> following_;  // likewise

  // Of the feed's thread.
  std::uint64_t position_;
  bool is_first_ = true;

  std::mutex mutex_;                                 // guards the rest
  std::shared_ptr<const grpc::ByteBuffer> message_;  // on its way; shared with other calls
  bool is_writing_ = false;
  bool has_more_ = false;  // to look for when the message is written
  bool is_finished_ = false;
  grpc::StatusCode code_ = grpc::StatusCode::UNKNOWN;  // once it is finished
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_WATCH_WATCH_CALL_H_
