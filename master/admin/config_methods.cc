#include "muster/master/admin/config_methods.h"

namespace muster::master {

grpc::ServerUnaryReactor* AnswerGetConfig(AdminCalls& calls, const AdminOperations& operations,
                                          admin::v1::ActiveConfig* response) {
  return calls.Ask<admin::v1::ActiveConfig>(operations.config, response);
}

grpc::ServerUnaryReactor* AnswerCheckConfig(AdminCalls& calls, const AdminOperations& operations,
                                            admin::v1::ConfigCheck* response) {
  return calls.Ask<admin::v1::ConfigCheck>(
      [&operations](const auto& answer) { operations.check_config(nullptr, answer); }, response);
}

grpc::ServerUnaryReactor* AnswerCheckConfigText(AdminCalls& calls,
                                                const AdminOperations& operations,
                                                const admin::v1::CheckConfigTextRequest& request,
                                                admin::v1::ConfigCheck* response) {
  return calls.Ask<admin::v1::ConfigCheck>(
      [&operations, config = request.config()](const auto& answer) {
        operations.check_config(&config, answer);
      },
      response);
}

}  // namespace muster::master
