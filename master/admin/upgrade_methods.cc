#include "muster/master/admin/upgrade_methods.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/log/printable.h"
#include "muster/master/admin/call/call_id.h"

namespace muster::master {
namespace {

absl::Status CheckPath(absl::string_view field, const std::string& path) {
  if (path.empty() || path.front() == '/') return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": is ", log::Printable(path), "; expected an absolute path"));
}

grpc::ServerUnaryReactor* Answer(AdminCalls& calls, const AdminOperations& operations,
                                 grpc::CallbackServerContext* context, absl::string_view name,
                                 const google::protobuf::Message& request, UpgradeEvent terms,
                                 admin::v1::UpgradeResponse* response) {
  // It is fit: the service has looked.
  terms.id = CallIdOf(*context).value_or("");
  terms.by = calls.CallerName(context);
  return calls.Change(
      context, name, request,
      [&operations, terms = std::move(terms)](const AdminOperations::Reply& reply) {
        absl::Status status = CheckPath("master_file", terms.master_file);
        status.Update(CheckPath("worker_file", terms.worker_file));
        if (status.ok()) return operations.upgrade(terms, reply);
        reply({.status = status});
        return RequestId{0};
      },
      [&operations, response](const Outcome& outcome) {
        *response->mutable_upgrade() = operations.status().master().upgrade();
        for (const std::string& warning : outcome.warnings) {
          response->add_warning(log::Printable(warning));
        }
      });
}

}  // namespace

grpc::ServerUnaryReactor* AnswerUpgrade(AdminCalls& calls, const AdminOperations& operations,
                                        grpc::CallbackServerContext* context,
                                        const admin::v1::UpgradeRequest& request,
                                        admin::v1::UpgradeResponse* response) {
  return Answer(calls, operations, context, "upgrade", request,
                {.what = UpgradeEvent::What::kUpgrade,
                 .master_file = request.master_file(),
                 .worker_file = request.worker_file()},
                response);
}

grpc::ServerUnaryReactor* AnswerUndoUpgrade(AdminCalls& calls, const AdminOperations& operations,
                                            grpc::CallbackServerContext* context,
                                            const admin::v1::UndoUpgradeRequest& request,
                                            admin::v1::UpgradeResponse* response) {
  return Answer(calls, operations, context, "undo of the upgrade", request,
                {.what = UpgradeEvent::What::kUndo}, response);
}

grpc::ServerUnaryReactor* AnswerCommitUpgrade(AdminCalls& calls, const AdminOperations& operations,
                                              grpc::CallbackServerContext* context,
                                              const admin::v1::CommitUpgradeRequest& request,
                                              admin::v1::UpgradeResponse* response) {
  return Answer(calls, operations, context, "commit of the upgrade", request,
                {.what = UpgradeEvent::What::kCommit}, response);
}

}  // namespace muster::master
