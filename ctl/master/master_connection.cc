#include "muster/ctl/master/master_connection.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/status.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "muster/ctl/master/unreachable.h"
#include "muster/ctl/text/progress.h"
#include "muster/ctl/text/units.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ctl {
namespace {

constexpr absl::Duration kQuestionTimeout = absl::Seconds(5);
constexpr char kOutcomeUnknown[] = "; outcome unknown, ask ctl status";

// Connecting to a Unix socket waits only while the queue of a stopped process is full.
constexpr timeval kConnectTimeout = {.tv_sec = 5, .tv_usec = 0};

struct Attempt {
  ipc::UniqueFd fd;
  int error = 0;  // errno; 0 if connected
};

Attempt Connect(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return {.fd = {}, .error = ENAMETOOLONG};
  std::memcpy(address.sun_path, path.data(), path.size());

  ipc::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return {.fd = {}, .error = errno};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kConnectTimeout, sizeof(kConnectTimeout));
  const int result = ipc::RetryOnEintr(
      [&] { return ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)); });
  const int error = result == -1 ? errno : 0;
  return {.fd = std::move(fd), .error = error};
}

// The process that called listen(), if the kernel tells.
std::optional<ipc::PidFd> Listener(int fd) {
  ucred credentials = {};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == -1) return std::nullopt;
  absl::StatusOr<ipc::PidFd> process = ipc::PidFd::Open(credentials.pid);
  if (!process.ok()) return std::nullopt;
  return *std::move(process);
}

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

absl::StatusOr<MasterConnection> MasterConnection::Open(const std::vector<std::string>& paths,
                                                        std::optional<absl::Duration> timeout) {
  std::string failures;
  bool is_perhaps_there = false;
  bool is_told_what_to_do = true;
  for (const std::string& path : paths) {
    Attempt attempt = Connect(path);
    if (attempt.error != 0) {
      const Unreachable why = ExplainUnreachable(path, attempt.error);
      is_perhaps_there = is_perhaps_there || why.is_perhaps_there;
      is_told_what_to_do = is_told_what_to_do && why.has_advice;
      absl::StrAppend(&failures, "\n  ", why.line);
      continue;
    }
    std::optional<ipc::PidFd> process = Listener(attempt.fd.get());
    // The descriptor is gRPC's from here on. Unlike an address it needs no name resolution and
    // gets no second attempt, and the errors above are the kernel's own.
    auto channel = grpc::CreateInsecureChannelFromFd("localhost", attempt.fd.release());
    return MasterConnection(std::make_unique<Stub>(Stub{decltype(Stub::admin)(std::move(channel))}),
                            std::move(process), timeout);
  }
  if (is_perhaps_there) {
    return absl::PermissionDeniedError("the master cannot be reached:" + failures);
  }
  if (is_told_what_to_do) return absl::UnavailableError("no master there:" + failures);
  return absl::UnavailableError(absl::StrCat(
      "no master there:", failures,
      "\nIs it running? In the source tree, tools/run starts one. To name another: --master "
      "ADDRESS, or the environment variable MUSTER_MASTER."));
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
