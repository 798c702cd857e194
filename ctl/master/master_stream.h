#ifndef MUSTER_CTL_MASTER_MASTER_STREAM_H_
#define MUSTER_CTL_MASTER_MASTER_STREAM_H_

#include <google/protobuf/message.h>

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace muster::ctl {

// A call whose answer is a stream, without the type of its messages: see MasterStream.
class StreamCall {
 public:
  virtual ~StreamCall() = default;
  // Reads the next message into `message`, which is the same in all calls and outlives this. False:
  // none has come within `limit`.
  virtual absl::StatusOr<bool> Next(google::protobuf::Message& message, absl::Duration limit) = 0;
};

// The messages that a master sends in answer to one call, of MasterConnection::Watch, which it must
// not outlive. The destructor ends the call. Not thread-safe.
template <typename Response>
class MasterStream {
 public:
  explicit MasterStream(std::unique_ptr<StreamCall> call)
      : message_(std::make_unique<Response>()), call_(std::move(call)) {}

  // Waits for the next message, which is valid until the next call. Null: none has come within
  // `limit`. Unavailable: the connection was lost, or the master has ended.
  absl::StatusOr<const Response*> Next(absl::Duration limit = absl::InfiniteDuration()) {
    const absl::StatusOr<bool> has_one = call_->Next(*message_, limit);
    if (!has_one.ok()) return has_one.status();
    return *has_one ? message_.get() : nullptr;
  }

 private:
  std::unique_ptr<Response> message_;
  std::unique_ptr<StreamCall> call_;
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_MASTER_MASTER_STREAM_H_
