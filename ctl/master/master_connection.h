#ifndef MUSTER_CTL_MASTER_MASTER_CONNECTION_H_
#define MUSTER_CTL_MASTER_MASTER_CONNECTION_H_

#include <google/protobuf/message.h>
#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "muster/ctl/master/master_stream.h"
#include "muster/ctl/master/master_target.h"
#include "muster/ctl/text/progress.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/process/pid_fd.h"

namespace muster::ctl {

// A connection to the admin service of one master. Calls block. The message of an error is for the
// operator. DeadlineExceeded: no answer came in time. Unavailable: the connection was lost, and no
// answer will come. In both cases the order may have been carried out. All other errors are the
// master's answer. Not thread-safe. Only the source includes gRPC, which is slow to compile.
class MasterConnection {
 public:
  // Connects. `timeout`: how long that and the first call may take together, and each later call.
  // Unavailable: nobody takes connections there. DeadlineExceeded: somebody does, and says nothing.
  // The message says what to do.
  static absl::StatusOr<MasterConnection> Open(const MasterTarget& target,
                                               std::optional<absl::Duration> timeout);
  MasterConnection(MasterConnection&&) noexcept;
  ~MasterConnection();

  // As the operator calls the master.
  const std::string& label() const { return label_; }

  // The process that listens there; empty if it is unknown.
  std::optional<pid_t> pid() const {
    return process_.has_value() ? std::optional(process_->pid()) : std::nullopt;
  }

  // Asks a question: what changes nothing. `request` names the method: GetStatusRequest is for
  // GetStatus. Without a timeout it waits for the answer for `usual`.
  template <typename Response>
  absl::StatusOr<Response> Ask(const google::protobuf::Message& request,
                               absl::Duration usual = kUsual) {
    Response response;
    absl::Status status = Call(Kind::kQuestion, usual, request, response);
    if (!status.ok()) return status;
    return response;
  }

  // Gives an order. The answer comes when the order was carried out. Until then a terminal shows
  // the waiting time after `label`: "reloading" (progress.h); null: nothing is shown. Without a
  // timeout the master bounds the time.
  template <typename Response>
  absl::StatusOr<Response> Order(const google::protobuf::Message& request, const char* label) {
    Response response;
    std::optional<Progress> progress;
    if (label != nullptr) progress.emplace(label);
    absl::Status status = Call(Kind::kOrder, absl::InfiniteDuration(), request, response);
    if (!status.ok()) return status;
    return response;
  }

  // The id of the last order (Call.id). Empty: there was none.
  const std::string& last_order() const { return last_order_; }

  // Begins a call whose answer is a stream. Without a timeout the beginning and the first message
  // have 5 s. The stream must not outlive this.
  template <typename Response>
  absl::StatusOr<MasterStream<Response>> Watch(const google::protobuf::Message& request) {
    const absl::Duration limit = timeout_.value_or(kUsual);
    const ipc::Deadline deadline = BeginCall(limit);
    auto call = StartStream(request, deadline, limit);
    if (!call.ok()) return call.status();
    return MasterStream<Response>(*std::move(call), deadline, limit);
  }

  // Ends the question or the order that another thread waits for, and all later ones: they fail.
  void Cancel();

  // Whether the process that listened there has ended. False if it is unknown.
  bool HasEnded() const;

  // Waits until the process that listens there has ended, so that its addresses are free for the
  // next one. DeadlineExceeded: it has not ended within 10 s, or within the timeout. OK at once if
  // the process is unknown, because it runs in another pid namespace.
  absl::Status WaitForEndOfMaster();

 private:
  struct Stub;
  MasterConnection(std::string label, std::unique_ptr<Stub> stub, std::optional<ipc::PidFd> process,
                   std::optional<absl::Duration> timeout, std::optional<ipc::Deadline> first);

  static constexpr absl::Duration kUsual = absl::Seconds(5);

  enum class Kind { kQuestion, kOrder };
  // The deadline of a call that may take `limit`.
  ipc::Deadline BeginCall(absl::Duration limit);
  absl::StatusOr<std::unique_ptr<StreamCall>> StartStream(const google::protobuf::Message& request,
                                                          ipc::Deadline deadline,
                                                          absl::Duration limit);
  absl::Status Call(Kind kind, absl::Duration usual, const google::protobuf::Message& request,
                    google::protobuf::Message& response);

  std::string label_;
  std::unique_ptr<Stub> stub_;
  std::optional<ipc::PidFd> process_;  // the one that listens; empty if unknown
  std::optional<absl::Duration> timeout_;
  std::string last_order_;
  std::optional<ipc::Deadline> first_;  // of the first call, which shares it with connecting
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_MASTER_MASTER_CONNECTION_H_
