#include "muster/master/admin/log_level_method.h"

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/master/admin/report/log_level.h"

namespace muster::master {

grpc::ServerUnaryReactor* AnswerSetLogLevel(AdminCalls& calls, const AdminOperations& operations,
                                            grpc::CallbackServerContext* context,
                                            const admin::v1::SetLogLevelRequest& request,
                                            admin::v1::SetLogLevelResponse* response) {
  return calls.Change(
      context, "log level", request,
      [&operations, response, level = request.level()](const AdminOperations::Reply& reply) {
        const std::optional<config::v1::Log::Level> wanted = ToConfigLevel(level);
        if (wanted.has_value()) {
          response->set_previous(ToSeverity(operations.set_log_level(*wanted)));
          reply({});
        } else {
          reply({.status = absl::InvalidArgumentError(
                     absl::StrCat("level: ", static_cast<int>(level), " is no level of a log"))});
        }
        return RequestId{0};
      },
      [](const Outcome&) {});
}

}  // namespace muster::master
