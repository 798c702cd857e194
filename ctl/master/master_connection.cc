#include "muster/ctl/master/master_connection.h"

#include <grpc/support/time.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/status.h>
#include <poll.h>
#include <sys/random.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "muster/ctl/master/address.h"
#include "muster/ctl/master/call_error.h"
#include "muster/ctl/master/master_channel.h"
#include "muster/ctl/text/units.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"

namespace muster::ctl {
namespace {

using GenericStub =
    grpc::TemplatedGenericStub<google::protobuf::MessageLite, google::protobuf::MessageLite>;

constexpr absl::Duration kConnectTimeout = absl::Seconds(5);

// By the same clock, which is never set.
gpr_timespec TimeOf(ipc::Deadline deadline) {
  return deadline.is_never() ? ::gpr_inf_future(GPR_CLOCK_MONOTONIC)
                             : ::gpr_time_from_nanos(deadline.nanoseconds(), GPR_CLOCK_MONOTONIC);
}

// "/muster.admin.v1.Admin/GetStatus" of a muster.admin.v1.GetStatusRequest.
std::string MethodOf(const google::protobuf::Message& request) {
  const std::string type = request.GetTypeName();
  const absl::string_view name = absl::StripSuffix(type, "Request");
  const std::size_t dot = name.rfind('.');
  return absl::StrCat("/", name.substr(0, dot), ".Admin/", name.substr(dot + 1));
}

// 16 random bytes in hexadecimal.
std::string MakeRequestId() {
  char bytes[16] = {};
  // Never waits once the machine has started, and cannot fail for so few.
  if (::getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) std::abort();
  return absl::BytesToHexString(absl::string_view(bytes, sizeof(bytes)));
}

// Why a connection to `target` may be lost, besides the master's end. Empty: nothing is known.
std::string OtherCause(const MasterTarget& target) {
  if (!target.paths.empty() || target.tls.has_value()) return "";
  // Without a name it is plain by the option, with one by its entry.
  return absl::StrCat(", or it wants TLS: leave out ",
                      IsHostAndPort(target.label) ? "--insecure" : "insecure of its entry");
}

// A stream over gRPC's completion queue, so that waiting for a message can end without one.
class GrpcStream final : public StreamCall {
 public:
  explicit GrpcStream(const std::string& other_cause) : other_cause_(other_cause) {}
  ~GrpcStream() override {
    context_.TryCancel();
    if (is_under_way_) Wait();
    completions_.Shutdown();
    while (Wait()) {
    }
  }

  absl::Status Start(GenericStub& stub, const std::string& method,
                     const google::protobuf::Message& request, ipc::Deadline deadline,
                     absl::Duration limit) {
    const auto late = [limit] {
      return absl::DeadlineExceededError(absl::StrCat("no answer within ", FormatElapsed(limit)));
    };
    call_ = stub.PrepareCall(&context_, method, &completions_);
    call_->StartCall(nullptr);
    MUSTER_ASSIGN_OR_RETURN(const bool is_started, Await(deadline));
    if (!is_started) return late();
    call_->WriteLast(request, grpc::WriteOptions(), nullptr);
    MUSTER_ASSIGN_OR_RETURN(const bool is_sent, Await(deadline));
    return is_sent ? absl::OkStatus() : late();
  }

  absl::StatusOr<bool> Next(google::protobuf::Message& message, ipc::Deadline deadline) override {
    if (!is_under_way_) call_->Read(&message, nullptr);
    return Await(deadline);
  }

 private:
  // Waits for the operation that was begun. False: it is under way at `deadline`.
  absl::StatusOr<bool> Await(ipc::Deadline deadline) {
    is_under_way_ = true;
    void* tag = nullptr;
    bool is_ok = false;
    if (completions_.AsyncNext(&tag, &is_ok, TimeOf(deadline)) == grpc::CompletionQueue::TIMEOUT) {
      return false;
    }
    is_under_way_ = false;
    if (!is_ok) return End();
    return true;
  }

  // Waits for the operation that was begun. False: it failed, or none was.
  bool Wait() {
    void* tag = nullptr;
    bool is_ok = false;
    return completions_.Next(&tag, &is_ok) && is_ok;
  }

  // Why there are no more messages.
  absl::Status End() {
    grpc::Status status;
    call_->Finish(&status, nullptr);
    Wait();
    if (status.ok()) return absl::UnavailableError("the master has ended the stream");
    return ExplainCall(status, absl::InfiniteDuration(), ipc::Deadline::Never(), "", other_cause_);
  }

  const std::string& other_cause_;  // of the connection
  grpc::ClientContext context_;
  grpc::CompletionQueue completions_;
  std::unique_ptr<
      grpc::ClientAsyncReaderWriter<google::protobuf::MessageLite, google::protobuf::MessageLite>>
      call_;
  bool is_under_way_ = false;  // an operation
};

}  // namespace

struct MasterConnection::Stub {
  Stub(std::shared_ptr<grpc::Channel> channel, std::string other_cause)
      : admin(std::move(channel)), other_cause(std::move(other_cause)) {}

  GenericStub admin;
  const std::string other_cause;  // of a lost connection
  std::mutex mutex;
  grpc::ClientContext* under_way = nullptr;  // guarded by mutex; of a question or an order
  bool is_cancelled = false;                 // guarded by mutex
};

absl::StatusOr<MasterConnection> MasterConnection::Open(const MasterTarget& target,
                                                        std::optional<absl::Duration> timeout) {
  std::optional<ipc::Deadline> first;
  if (timeout.has_value()) first = ipc::Deadline::After(*timeout);
  MUSTER_ASSIGN_OR_RETURN(
      MasterChannel opened,
      OpenMasterChannel(target, std::min(timeout.value_or(kConnectTimeout), kConnectTimeout)));
  return MasterConnection(target.label,
                          std::make_unique<Stub>(std::move(opened.channel), OtherCause(target)),
                          std::move(opened.process), timeout, first);
}

MasterConnection::MasterConnection(std::string label, std::unique_ptr<Stub> stub,
                                   std::optional<ipc::PidFd> process,
                                   std::optional<absl::Duration> timeout,
                                   std::optional<ipc::Deadline> first)
    : label_(std::move(label)),
      stub_(std::move(stub)),
      process_(std::move(process)),
      timeout_(timeout),
      first_(first) {}

MasterConnection::MasterConnection(MasterConnection&&) noexcept = default;
MasterConnection::~MasterConnection() = default;

ipc::Deadline MasterConnection::BeginCall(absl::Duration limit) {
  const ipc::Deadline deadline = first_.value_or(ipc::Deadline::After(limit));
  first_.reset();
  return deadline;
}

absl::Status MasterConnection::Call(Kind kind, absl::Duration usual,
                                    const google::protobuf::Message& request,
                                    google::protobuf::Message& response) {
  const absl::Duration limit = timeout_.value_or(usual);
  const ipc::Deadline deadline = BeginCall(limit);
  grpc::ClientContext context;
  if (!deadline.is_never()) context.set_deadline(TimeOf(deadline));
  std::string unknown;
  if (kind == Kind::kOrder) {
    last_order_ = MakeRequestId();
    context.AddMetadata("x-request-id", last_order_);
    unknown = absl::StrCat("; outcome unknown, ask ctl call ", last_order_);
  }
  grpc::CompletionQueue completions;
  const auto call =
      stub_->admin.PrepareUnaryCall(&context, MethodOf(request), request, &completions);
  {
    const std::lock_guard lock(stub_->mutex);
    if (stub_->is_cancelled) return absl::CancelledError("nobody waits for the answer");
    call->StartCall();
    stub_->under_way = &context;
  }
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool is_ok = false;
  completions.Next(&tag, &is_ok);
  {
    const std::lock_guard lock(stub_->mutex);
    stub_->under_way = nullptr;
  }
  return ExplainCall(status, limit, deadline, unknown, stub_->other_cause);
}

absl::StatusOr<std::unique_ptr<StreamCall>> MasterConnection::StartStream(
    const google::protobuf::Message& request, ipc::Deadline deadline, absl::Duration limit) {
  auto call = std::make_unique<GrpcStream>(stub_->other_cause);
  MUSTER_RETURN_IF_ERROR(call->Start(stub_->admin, MethodOf(request), request, deadline, limit));
  return call;
}

void MasterConnection::Cancel() {
  const std::lock_guard lock(stub_->mutex);
  stub_->is_cancelled = true;
  if (stub_->under_way != nullptr) stub_->under_way->TryCancel();
}

bool MasterConnection::HasEnded() const {
  if (!process_.has_value()) return false;
  pollfd end = {.fd = process_->fd(), .events = POLLIN, .revents = 0};
  return ::poll(&end, 1, 0) == 1;
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
