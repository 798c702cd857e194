#include "muster/ctl/master/master_channel.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "muster/ctl/master/small_file.h"
#include "muster/ctl/master/tcp.h"
#include "muster/ctl/master/tls_diagnosis.h"
#include "muster/ctl/master/unreachable.h"
#include "muster/ctl/text/units.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ctl {
namespace {

constexpr int kBetweenPingsMs = 10'000;
constexpr int kPingAnswerMs = 5'000;
// The part of the time in which TLS must be there. The rest is for finding out why it is not.
constexpr double kForConnecting = 0.8;

absl::Duration TimeUntil(ipc::Deadline deadline) {
  return absl::FromChrono(deadline.time() - std::chrono::steady_clock::now());
}

struct Attempt {
  ipc::UniqueFd fd;
  int error = 0;  // errno; 0 if connected
};

// Waits only while the queue of a stopped process is full.
Attempt Connect(const std::string& path, absl::Duration limit) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return {.fd = {}, .error = ENAMETOOLONG};
  std::memcpy(address.sun_path, path.data(), path.size());

  ipc::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return {.fd = {}, .error = errno};
  const timeval timeout = absl::ToTimeval(limit);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
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

// True for "10.0.0.1" and "web.example", which are paths without a port.
bool IsPerhapsHost(absl::string_view label) {
  return absl::StrContains(label, '.') && !absl::StrContains(label, '/') &&
         !absl::StartsWith(label, "unix:") && !absl::EndsWith(label, ".sock");
}

absl::StatusOr<MasterChannel> OpenUnix(const MasterTarget& target, absl::Duration limit) {
  std::string failures;
  bool is_perhaps_there = false;
  bool is_told_what_to_do = true;
  for (const std::string& path : target.paths) {
    Attempt attempt = Connect(path, limit);
    if (attempt.error != 0) {
      const Unreachable why = ExplainUnreachable(path, attempt.error);
      is_perhaps_there = is_perhaps_there || why.is_perhaps_there;
      is_told_what_to_do = is_told_what_to_do && why.has_advice;
      const bool is_perhaps_host = attempt.error == ENOENT && IsPerhapsHost(target.label);
      absl::StrAppend(&failures, "\n  ", why.line,
                      is_perhaps_host ? "; for TCP write HOST:PORT" : "");
      continue;
    }
    std::optional<ipc::PidFd> process = Listener(attempt.fd.get());
    // The descriptor is gRPC's from here on. Unlike an address it needs no name resolution and
    // gets no second attempt, and the errors above are the kernel's own.
    auto channel = grpc::CreateInsecureChannelFromFd("localhost", attempt.fd.release());
    return MasterChannel{.channel = std::move(channel), .process = std::move(process)};
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

// The text of a file; an error tells of which field it is.
absl::StatusOr<std::string> PemOf(const char* field, const std::string& path) {
  auto text = ReadSmallFile(path);
  if (text.ok()) return text;
  return absl::FailedPreconditionError(absl::StrCat(field, ": ", text.status().message()));
}

// True once the other side has taken the certificate and has begun HTTP/2.
bool IsConnected(grpc::Channel& channel, absl::Duration limit) {
  const auto deadline = absl::ToChronoTime(absl::Now() + limit);
  while (true) {
    const grpc_connectivity_state state = channel.GetState(/*try_to_connect=*/true);
    if (state == GRPC_CHANNEL_READY) return true;
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE || state == GRPC_CHANNEL_SHUTDOWN ||
        !channel.WaitForStateChange(state, deadline)) {
      return false;
    }
  }
}

absl::StatusOr<MasterChannel> OpenTls(const TcpAddress& address, const TlsFiles& files,
                                      absl::Duration limit) {
  MUSTER_ASSIGN_OR_RETURN(const std::string authorities, PemOf("server_ca", files.server_ca));
  MUSTER_ASSIGN_OR_RETURN(const std::string certificate, PemOf("certificate", files.certificate));
  MUSTER_ASSIGN_OR_RETURN(const std::string key, PemOf("key", files.key));
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride(files.server_name);
  // A cut cable is noticed though nothing is sent.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kBetweenPingsMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingAnswerMs);
  auto channel = grpc::CreateCustomChannel(
      address.ToTarget(),
      grpc::SslCredentials(
          {.pem_root_certs = authorities, .pem_private_key = key, .pem_cert_chain = certificate}),
      arguments);
  const ipc::Deadline deadline = ipc::Deadline::After(limit);
  if (IsConnected(*channel, limit * kForConnecting)) {
    return MasterChannel{.channel = std::move(channel), .process = std::nullopt};
  }
  // gRPC tells that it failed, but not why.
  MUSTER_ASSIGN_OR_RETURN(const ipc::UniqueFd fd, ConnectTcp(address, TimeUntil(deadline)));
  const absl::Status why = DiagnoseTls(fd, files, deadline);
  const std::string reason = absl::IsDeadlineExceeded(why)
                                 ? absl::StrCat("no answer within ", FormatElapsed(limit))
                                 : std::string(why.message());
  return absl::Status(why.code(), absl::StrCat("connect ", address.ToString(), ": ", reason));
}

absl::StatusOr<MasterChannel> OpenPlain(const TcpAddress& address, absl::Duration limit) {
  MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd fd, ConnectTcp(address, limit));
  return MasterChannel{.channel = grpc::CreateInsecureChannelFromFd("localhost", fd.release()),
                       .process = std::nullopt};
}

absl::StatusOr<MasterChannel> OpenTcp(const MasterTarget& target, absl::Duration limit) {
  const ipc::Deadline deadline = ipc::Deadline::After(limit);
  MUSTER_ASSIGN_OR_RETURN(const auto addresses, ResolveTcp(target.host, target.port, limit));
  std::string failures;
  bool is_silent = false;
  bool is_perhaps_there = false;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    // An address that does not answer leaves the others their share.
    const absl::Duration share =
        absl::Ceil(TimeUntil(deadline) / (addresses.size() - i), absl::Milliseconds(10));
    auto opened = target.tls.has_value() ? OpenTls(addresses[i], *target.tls, share)
                                         : OpenPlain(addresses[i], share);
    if (opened.ok()) return opened;
    is_silent = is_silent || absl::IsDeadlineExceeded(opened.status());
    is_perhaps_there = is_perhaps_there || !absl::IsUnavailable(opened.status());
    absl::StrAppend(&failures, "\n  ", opened.status().message());
  }
  if (is_silent) return absl::DeadlineExceededError("the master does not answer:" + failures);
  if (!is_perhaps_there) return absl::UnavailableError("no master there:" + failures);
  return absl::PermissionDeniedError("the master cannot be reached:" + failures);
}

}  // namespace

absl::StatusOr<MasterChannel> OpenMasterChannel(const MasterTarget& target, absl::Duration limit) {
  return target.paths.empty() ? OpenTcp(target, limit) : OpenUnix(target, limit);
}

}  // namespace muster::ctl
