#include "muster/master/send_order.h"

#include <signal.h>
#include <stdlib.h>

#include <chrono>
#include <iostream>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/process/pid_fd.h"
#include "muster/listen/address.h"
#include "muster/master/process/pid_file.h"
#include "muster/proto/admin.grpc.pb.h"

namespace muster::master {
namespace {

using admin::v1::Admin;

// How long a master may take to take a call; the answer may take as long as it needs.
constexpr std::chrono::seconds kConnect{2};
constexpr char kOutcomeUnknown[] = "; outcome unknown, ask ctl status";

int SignalOf(Order order) {
  switch (order) {
    case Order::kReload:
      return SIGHUP;
    case Order::kReopen:
      return SIGUSR1;
    case Order::kQuit:
      return SIGQUIT;
    case Order::kStop:
      return SIGTERM;
  }
  return 0;
}

grpc::Status Call(Admin::Stub& admin, Order order) {
  grpc::ClientContext context;
  switch (order) {
    case Order::kReload: {
      admin::v1::ReloadResponse response;
      const grpc::Status status = admin.Reload(&context, {}, &response);
      for (const std::string& warning : response.warning()) {
        std::cerr << "master: warning: " << warning << "\n";
      }
      return status;
    }
    case Order::kReopen: {
      admin::v1::ReopenResponse response;
      return admin.Reopen(&context, {}, &response);
    }
    case Order::kQuit: {
      admin::v1::QuitResponse response;
      return admin.Quit(&context, {}, &response);
    }
    case Order::kStop: {
      admin::v1::StopResponse response;
      return admin.Stop(&context, {}, &response);
    }
  }
  return {grpc::StatusCode::INTERNAL, "no such order"};
}

// Of a configuration with mistakes it may be no address. For TCP this program has no certificate.
std::optional<listen::Address> FirstSocket(const config::v1::Admin& admin) {
  for (const std::string& text : admin.listen()) {
    const absl::StatusOr<listen::Address> address = listen::Address::Parse(text);
    if (address.ok() && address->is_unix()) return *address;
  }
  return std::nullopt;
}

absl::Status SendSignal(Order order, const std::string& pid_file) {
  MUSTER_ASSIGN_OR_RETURN(const ipc::PidFd master, PidFile::FindMaster(pid_file));
  MUSTER_RETURN_IF_ERROR(master.Send(SignalOf(order)));
  return absl::UnavailableError(absl::StrCat(
      "no answer on the admin socket within ", absl::FormatDuration(absl::FromChrono(kConnect)),
      "; process ", master.pid(), " was sent the signal instead", kOutcomeUnknown));
}

}  // namespace

absl::Status SendOrder(Order order, const config::v1::Config& config) {
  ::setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  const std::optional<listen::Address> address = FirstSocket(config.admin());
  if (!address.has_value()) return SendSignal(order, config.pid_file());
  const auto channel = grpc::CreateChannel(address->ToUri(), grpc::InsecureChannelCredentials());
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + kConnect)) {
    return SendSignal(order, config.pid_file());
  }
  const grpc::Status status = Call(*Admin::NewStub(channel), order);
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  switch (code) {
    case absl::StatusCode::kUnavailable:
      return absl::UnavailableError(absl::StrCat("the connection was lost before the answer came: ",
                                                 status.error_message(), kOutcomeUnknown));
    case absl::StatusCode::kNotFound:
      return absl::AbortedError(status.error_message());  // not that no master is there
    default:
      return absl::Status(code, status.error_message());
  }
}

}  // namespace muster::master
