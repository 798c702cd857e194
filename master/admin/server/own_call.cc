#include "muster/master/admin/server/own_call.h"

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel_posix.h"
#include "grpcpp/grpcpp.h"
#include "muster/proto/admin.grpc.pb.h"

namespace muster::master {

absl::Status CallAdminOnce(ipc::UniqueFd connection, std::chrono::milliseconds patience) {
  const auto channel = grpc::CreateInsecureChannelFromFd("localhost", connection.release());
  const auto stub = admin::v1::Admin::NewStub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + patience);
  admin::v1::Status answer;
  const grpc::Status status = stub->GetStatus(&context, admin::v1::GetStatusRequest(), &answer);
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::INTERNAL:
      return absl::UnavailableError(
          absl::StrCat("the admin service gives no answer: ", status.error_message()));
    default:
      return absl::OkStatus();
  }
}

}  // namespace muster::master
