#include "muster/ctl/master/master_connection.h"

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/status.h>
#include <poll.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "muster/ctl/master/master_channel.h"
#include "muster/ctl/text/units.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"

namespace muster::ctl {
namespace {

constexpr absl::Duration kConnectTimeout = absl::Seconds(5);
constexpr absl::Duration kQuestionTimeout = absl::Seconds(5);
constexpr char kOutcomeUnknown[] = "; outcome unknown, ask ctl status";

// "/muster.admin.v1.Admin/GetStatus" of a muster.admin.v1.GetStatusRequest.
std::string MethodOf(const google::protobuf::Message& request) {
  const std::string type = request.GetTypeName();
  const absl::string_view name = absl::StripSuffix(type, "Request");
  const std::size_t dot = name.rfind('.');
  return absl::StrCat("/", name.substr(0, dot), ".Admin/", name.substr(dot + 1));
}

// What went wrong, in our words. `limit`: of the call, which was to end at `deadline`; `tail`: for
// when no answer came.
absl::Status Explain(const grpc::Status& status, absl::Duration limit, ipc::Deadline deadline,
                     absl::string_view tail) {
  const std::string message = status.error_message();
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      return absl::OkStatus();
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      // The master has deadlines of its own, and its message says which: that is an answer.
      if (!deadline.has_passed()) return absl::AbortedError(message);
      return absl::DeadlineExceededError(
          absl::StrCat("no answer within ", FormatElapsed(limit), tail));
    case grpc::StatusCode::CANCELLED:
      // It could not be undone before the deadline; the message says what goes on.
      return absl::DeadlineExceededError(absl::StrCat(message, "; ask ctl status"));
    case grpc::StatusCode::UNAVAILABLE:
      return absl::UnavailableError(
          absl::StrCat("the connection was lost before the answer came: ", message,
                       "; the master has ended, or another program listens there", tail));
    case grpc::StatusCode::UNIMPLEMENTED:
      return absl::UnimplementedError("this master does not know the command; is it older?");
    default:
      break;
  }
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  return absl::Status(code, message.empty() ? absl::StatusCodeToString(code) : message);
}

}  // namespace

struct MasterConnection::Stub {
  grpc::TemplatedGenericStub<google::protobuf::MessageLite, google::protobuf::MessageLite> admin;
};

absl::StatusOr<MasterConnection> MasterConnection::Open(const MasterTarget& target,
                                                        std::optional<absl::Duration> timeout) {
  MUSTER_ASSIGN_OR_RETURN(
      MasterChannel opened,
      OpenMasterChannel(target, std::min(timeout.value_or(kConnectTimeout), kConnectTimeout)));
  return MasterConnection(
      std::make_unique<Stub>(Stub{decltype(Stub::admin)(std::move(opened.channel))}),
      std::move(opened.process), timeout);
}

MasterConnection::MasterConnection(std::unique_ptr<Stub> stub, std::optional<ipc::PidFd> process,
                                   std::optional<absl::Duration> timeout)
    : stub_(std::move(stub)), process_(std::move(process)), timeout_(timeout) {}

MasterConnection::MasterConnection(MasterConnection&&) noexcept = default;
MasterConnection::~MasterConnection() = default;

absl::Status MasterConnection::Call(Kind kind, const google::protobuf::Message& request,
                                    google::protobuf::Message& response) {
  const bool is_order = kind == Kind::kOrder;
  const absl::Duration limit =
      timeout_.value_or(is_order ? absl::InfiniteDuration() : kQuestionTimeout);
  // gRPC turns its deadline at once into one by a clock that is never set.
  const ipc::Deadline deadline = ipc::Deadline::After(limit);
  grpc::ClientContext context;
  if (limit != absl::InfiniteDuration()) {
    context.set_deadline(absl::ToChronoTime(absl::Now() + limit));
  }
  grpc::CompletionQueue completions;
  const auto call =
      stub_->admin.PrepareUnaryCall(&context, MethodOf(request), request, &completions);
  call->StartCall();
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool is_ok = false;
  completions.Next(&tag, &is_ok);
  return Explain(status, limit, deadline, is_order ? kOutcomeUnknown : "");
}

absl::Status MasterConnection::WaitForEndOfMaster() {
  if (!process_.has_value()) return absl::OkStatus();
  const absl::Duration limit = timeout_.value_or(absl::Seconds(10));
  const ipc::Deadline deadline = ipc::Deadline::After(limit);
  pollfd end = {.fd = process_->fd(), .events = POLLIN, .revents = 0};
  const int ready = ipc::RetryOnEintr([&] { return ::poll(&end, 1, deadline.poll_timeout()); });
  if (ready == -1) return ipc::ErrnoStatus("poll");
  if (ready == 0) {
    return absl::DeadlineExceededError(absl::StrCat("no worker is left, but the master (pid ",
                                                    process_->pid(), ") has not ended within ",
                                                    FormatElapsed(limit)));
  }
  return absl::OkStatus();
}

}  // namespace muster::ctl
