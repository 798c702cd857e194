#ifndef MUSTER_CTL_MASTER_MASTER_STREAM_H_
#define MUSTER_CTL_MASTER_MASTER_STREAM_H_

#include <google/protobuf/message.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "muster/ctl/text/units.h"
#include "muster/ipc/base/deadline.h"

namespace muster::ctl {

// A call whose answer is a stream, without the type of its messages: see MasterStream.
class StreamCall {
 public:
  virtual ~StreamCall() = default;
  // Reads the next message into `message`, which is the same in all calls and outlives this. False:
  // none has come until `deadline`.
  virtual absl::StatusOr<bool> Next(google::protobuf::Message& message, ipc::Deadline deadline) = 0;
};

// The messages that a master sends in answer to one call, of MasterConnection::Watch, which it must
// not outlive. The destructor ends the call. Not thread-safe. A message is valid until the next
// call. Unavailable: the connection was lost, or the master has ended.
template <typename Response>
class MasterStream {
 public:
  // `first`: until when the first message must have come; `limit`: within which time each must that
  // the master has already, as Next() wants it.
  MasterStream(std::unique_ptr<StreamCall> call, ipc::Deadline first, absl::Duration limit)
      : message_(std::make_unique<Response>()),
        call_(std::move(call)),
        first_(first),
        limit_(limit) {}

  // Waits for a message that the master has already. DeadlineExceeded: it has not come in time.
  absl::StatusOr<const Response*> Next() {
    const ipc::Deadline deadline = first_.value_or(ipc::Deadline::After(limit_));
    const absl::StatusOr<const Response*> message = Before(deadline);
    if (!message.ok() || *message != nullptr) return message;
    return absl::DeadlineExceededError(absl::StrCat("no answer within ", FormatElapsed(limit_)));
  }

  // Waits for a message that comes when something happens: for ever. Only the first one, which
  // comes at once, must be in time, as with Next().
  absl::StatusOr<const Response*> Follow() {
    return first_.has_value() ? Next() : Before(ipc::Deadline::Never());
  }

  // Waits for a message for `limit`. Null: none has come.
  absl::StatusOr<const Response*> Within(absl::Duration limit) {
    return Before(ipc::Deadline::After(limit));
  }

 private:
  absl::StatusOr<const Response*> Before(ipc::Deadline deadline) {
    const absl::StatusOr<bool> has_one = call_->Next(*message_, deadline);
    if (!has_one.ok()) return has_one.status();
    if (!*has_one) return nullptr;
    first_.reset();
    return message_.get();
  }

  std::unique_ptr<Response> message_;
  std::unique_ptr<StreamCall> call_;
  std::optional<ipc::Deadline> first_;  // until the first message has come
  absl::Duration limit_;
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_MASTER_MASTER_STREAM_H_
