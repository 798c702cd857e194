#include "muster/master/admin/admin_service.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "muster/config/access/admin_method.h"
#include "muster/master/admin/call/call_id.h"
#include "muster/master/admin/call/call_methods.h"
#include "muster/master/admin/call/error_details.h"
#include "muster/master/admin/config_methods.h"
#include "muster/master/admin/connection/caller_of.h"
#include "muster/master/admin/connection/status_bound.h"
#include "muster/master/admin/end_methods.h"
#include "muster/master/admin/log_level_method.h"
#include "muster/master/admin/pause_methods.h"
#include "muster/master/admin/reload_method.h"
#include "muster/master/admin/reopen_method.h"
#include "muster/master/admin/status_methods.h"
#include "muster/master/admin/upgrade_methods.h"
#include "muster/master/admin/watch/bytes.h"
#include "muster/master/admin/worker_methods.h"
#include "muster/master/admin/zone_methods.h"

namespace muster::master {
grpc::Status AdminService::Check(grpc::CallbackServerContext* context, absl::string_view method,
                                 const google::protobuf::Message* request) {
  const absl::StatusOr<std::string> id = CallIdOf(*context);
  if (id.ok() && !id->empty()) context->AddTrailingMetadata(kCallIdKey, *id);
  // First: who may not call it is audited, whatever id he sends.
  const grpc::Status may = gate_.Check(
      CallerOf(peer_, context->auth_context().get()),
      config::AdminMethodAt(absl::StrCat(config::kAdminService, method)),
      {static_cast<const grpc::ServerContextBase*>(context), id.ok() ? *id : "", request});
  if (!may.ok() || id.ok()) return may;
  return ToGrpcStatus(id.status(), "CALL_ID_UNFIT");
}

Watches::Follow AdminService::FollowerOf(grpc::CallbackServerContext* context,
                                         absl::string_view method) {
  return [this, context, method](DenyStream deny) {
    const absl::StatusOr<std::string> id = CallIdOf(*context);
    return gate_.Follow(
        CallerOf(peer_, context->auth_context().get()),
        config::AdminMethodAt(absl::StrCat(config::kAdminService, method)), id.ok() ? *id : "",
        [deny = std::move(deny)](const grpc::Status& why) { deny(BoundStatus(why)); });
  };
}

Watches::Ended AdminService::AccountOf(const grpc::CallbackServerContext* context,
                                       absl::string_view method) {
  return [this, context = static_cast<const grpc::ServerContextBase*>(context),
          path = absl::StrCat(config::kAdminService, method)](grpc::StatusCode code) {
    if (count_call_) count_call_(path, code);
    gate_.Leave(context);
  };
}

bool AdminService::AccountsForItself(absl::string_view path) {
  return absl::ConsumePrefix(&path, config::kAdminService) &&
         (path == "WatchEvents" || path == "WatchStatus");
}

grpc::ServerUnaryReactor* AdminService::Refuse(grpc::CallbackServerContext* context,
                                               absl::string_view method,
                                               const google::protobuf::Message& request) {
  grpc::Status status = Check(context, method, &request);
  if (status.ok()) return nullptr;
  grpc::ServerUnaryReactor* const call = context->DefaultReactor();
  call->Finish(std::move(status));
  return call;
}

template <typename Request>
grpc::ServerUnaryReactor* AdminService::AnswerPart(grpc::CallbackServerContext* context,
                                                   absl::string_view method, StatusPart part,
                                                   const grpc::ByteBuffer& request,
                                                   grpc::ByteBuffer* response) {
  Request asked;
  const bool is_fit = ParseBytes(request, &asked);
  // First: who may not call it is audited, whatever he sends.
  if (auto* const refused = Refuse(context, method, asked)) return refused;
  if (is_fit) return AnswerStatus(calls_, operations_, part, context, response);
  grpc::ServerUnaryReactor* const call = context->DefaultReactor();
  call->Finish(ToGrpcStatus(absl::InvalidArgumentError(
      absl::StrCat("the request is not a ", Request::descriptor()->name()))));
  return call;
}

grpc::ServerUnaryReactor* AdminService::GetStatus(grpc::CallbackServerContext* context,
                                                  const grpc::ByteBuffer* request,
                                                  grpc::ByteBuffer* response) {
  return AnswerPart<admin::v1::GetStatusRequest>(context, "GetStatus", StatusPart::kStatus,
                                                 *request, response);
}

grpc::ServerUnaryReactor* AdminService::ListWorkers(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request,
                                                    grpc::ByteBuffer* response) {
  return AnswerPart<admin::v1::ListWorkersRequest>(context, "ListWorkers", StatusPart::kListWorkers,
                                                   *request, response);
}

grpc::ServerUnaryReactor* AdminService::GetStats(grpc::CallbackServerContext* context,
                                                 const grpc::ByteBuffer* request,
                                                 grpc::ByteBuffer* response) {
  return AnswerPart<admin::v1::GetStatsRequest>(context, "GetStats", StatusPart::kStats, *request,
                                                response);
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* AdminService::WatchEvents(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  const grpc::Status status = Check(context, "WatchEvents", nullptr);
  if (!status.ok()) return new EndedStream(BoundStatus(status), AccountOf(context, "WatchEvents"));
  return watches_.WatchEvents(*request, watching_, FollowerOf(context, "WatchEvents"),
                              AccountOf(context, "WatchEvents"));
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* AdminService::WatchStatus(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  const grpc::Status status = Check(context, "WatchStatus", nullptr);
  if (!status.ok()) return new EndedStream(BoundStatus(status), AccountOf(context, "WatchStatus"));
  return watches_.WatchStatus(*request, watching_, FollowerOf(context, "WatchStatus"),
                              AccountOf(context, "WatchStatus"));
}

grpc::ServerUnaryReactor* AdminService::GetCall(grpc::CallbackServerContext* context,
                                                const admin::v1::GetCallRequest* request,
                                                admin::v1::Call* response) {
  if (auto* const refused = Refuse(context, "GetCall", *request)) return refused;
  return AnswerGetCall(*operations_.audit, CallerOf(peer_, context->auth_context().get()), context,
                       request, response);
}

grpc::ServerUnaryReactor* AdminService::ListCalls(grpc::CallbackServerContext* context,
                                                  const admin::v1::ListCallsRequest* request,
                                                  admin::v1::ListCallsResponse* response) {
  if (auto* const refused = Refuse(context, "ListCalls", *request)) return refused;
  return AnswerListCalls(*operations_.audit, context, response);
}

grpc::ServerUnaryReactor* AdminService::GetConfig(grpc::CallbackServerContext* context,
                                                  const admin::v1::GetConfigRequest* request,
                                                  admin::v1::ActiveConfig* response) {
  if (auto* const refused = Refuse(context, "GetConfig", *request)) return refused;
  return AnswerGetConfig(calls_, operations_, response);
}

grpc::ServerUnaryReactor* AdminService::ListZones(grpc::CallbackServerContext* context,
                                                  const admin::v1::ListZonesRequest* request,
                                                  admin::v1::ListZonesResponse* response) {
  if (auto* const refused = Refuse(context, "ListZones", *request)) return refused;
  return AnswerListZones(calls_, operations_, response);
}

grpc::ServerUnaryReactor* AdminService::ListLocks(grpc::CallbackServerContext* context,
                                                  const admin::v1::ListLocksRequest* request,
                                                  admin::v1::ListLocksResponse* response) {
  if (auto* const refused = Refuse(context, "ListLocks", *request)) return refused;
  return AnswerListLocks(calls_, operations_, *request, response);
}

grpc::ServerUnaryReactor* AdminService::CheckConfig(grpc::CallbackServerContext* context,
                                                    const admin::v1::CheckConfigRequest* request,
                                                    admin::v1::ConfigCheck* response) {
  if (auto* const refused = Refuse(context, "CheckConfig", *request)) return refused;
  return AnswerCheckConfig(calls_, operations_, response);
}

grpc::ServerUnaryReactor* AdminService::CheckConfigText(
    grpc::CallbackServerContext* context, const admin::v1::CheckConfigTextRequest* request,
    admin::v1::ConfigCheck* response) {
  if (auto* const refused = Refuse(context, "CheckConfigText", *request)) return refused;
  return AnswerCheckConfigText(calls_, operations_, *request, response);
}

grpc::ServerUnaryReactor* AdminService::Reload(grpc::CallbackServerContext* context,
                                               const admin::v1::ReloadRequest* request,
                                               admin::v1::ReloadResponse* response) {
  if (auto* const refused = Refuse(context, "Reload", *request)) return refused;
  return AnswerReload(calls_, operations_, context, *request, response);
}

grpc::ServerUnaryReactor* AdminService::ReloadConfigText(
    grpc::CallbackServerContext* context, const admin::v1::ReloadConfigTextRequest* request,
    admin::v1::ReloadResponse* response) {
  if (auto* const refused = Refuse(context, "ReloadConfigText", *request)) return refused;
  return AnswerReloadConfigText(calls_, operations_, context, *request, response);
}

grpc::ServerUnaryReactor* AdminService::ListGenerations(
    grpc::CallbackServerContext* context, const admin::v1::ListGenerationsRequest* request,
    admin::v1::ListGenerationsResponse* response) {
  if (auto* const refused = Refuse(context, "ListGenerations", *request)) return refused;
  return calls_.Read([this, response] { *response = operations_.list_generations(); });
}

grpc::ServerUnaryReactor* AdminService::Rollback(grpc::CallbackServerContext* context,
                                                 const admin::v1::RollbackRequest* request,
                                                 admin::v1::ReloadResponse* response) {
  if (auto* const refused = Refuse(context, "Rollback", *request)) return refused;
  return AnswerRollback(calls_, operations_, context, *request, response);
}

grpc::ServerUnaryReactor* AdminService::Restart(grpc::CallbackServerContext* context,
                                                const admin::v1::RestartRequest* request,
                                                admin::v1::RestartResponse* response) {
  if (auto* const refused = Refuse(context, "Restart", *request)) return refused;
  return AnswerRestart(calls_, operations_, context, *request, response);
}

grpc::ServerUnaryReactor* AdminService::ChangeWorker(grpc::CallbackServerContext* context,
                                                     const admin::v1::ChangeWorkerRequest* request,
                                                     admin::v1::ChangeWorkerResponse* response) {
  if (auto* const refused = Refuse(context, "ChangeWorker", *request)) return refused;
  return AnswerChangeWorker(calls_, operations_, context, *request, response);
}

grpc::ServerUnaryReactor* AdminService::Scale(grpc::CallbackServerContext* context,
                                              const admin::v1::ScaleRequest* request,
                                              admin::v1::ScaleResponse* response) {
  if (auto* const refused = Refuse(context, "Scale", *request)) return refused;
  return AnswerScale(calls_, operations_, context, *request, response);
}

grpc::ServerUnaryReactor* AdminService::Upgrade(grpc::CallbackServerContext* context,
                                                const admin::v1::UpgradeRequest* request,
                                                admin::v1::UpgradeResponse* response) {
  if (auto* const refused = Refuse(context, "Upgrade", *request)) return refused;
  return AnswerUpgrade(calls_, operations_, context, *request, response);
}

grpc::ServerUnaryReactor* AdminService::UndoUpgrade(grpc::CallbackServerContext* context,
                                                    const admin::v1::UndoUpgradeRequest* request,
                                                    admin::v1::UpgradeResponse* response) {
  if (auto* const refused = Refuse(context, "UndoUpgrade", *request)) return refused;
  return AnswerUndoUpgrade(calls_, operations_, context, *request, response);
}

grpc::ServerUnaryReactor* AdminService::CommitUpgrade(
    grpc::CallbackServerContext* context, const admin::v1::CommitUpgradeRequest* request,
    admin::v1::UpgradeResponse* response) {
  if (auto* const refused = Refuse(context, "CommitUpgrade", *request)) return refused;
  return AnswerCommitUpgrade(calls_, operations_, context, *request, response);
}

grpc::ServerUnaryReactor* AdminService::SetLogLevel(grpc::CallbackServerContext* context,
                                                    const admin::v1::SetLogLevelRequest* request,
                                                    admin::v1::SetLogLevelResponse* response) {
  if (auto* const refused = Refuse(context, "SetLogLevel", *request)) return refused;
  return AnswerSetLogLevel(calls_, operations_, context, *request, response);
}

grpc::ServerUnaryReactor* AdminService::Reopen(grpc::CallbackServerContext* context,
                                               const admin::v1::ReopenRequest* request,
                                               admin::v1::ReopenResponse* response) {
  if (auto* const refused = Refuse(context, "Reopen", *request)) return refused;
  return AnswerReopen(calls_, operations_, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Pause(grpc::CallbackServerContext* context,
                                              const admin::v1::PauseRequest* request,
                                              admin::v1::PauseResponse* response) {
  if (auto* const refused = Refuse(context, "Pause", *request)) return refused;
  return AnswerPause(calls_, operations_, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Resume(grpc::CallbackServerContext* context,
                                               const admin::v1::ResumeRequest* request,
                                               admin::v1::ResumeResponse* response) {
  if (auto* const refused = Refuse(context, "Resume", *request)) return refused;
  return AnswerResume(calls_, operations_, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Quit(grpc::CallbackServerContext* context,
                                             const admin::v1::QuitRequest* request,
                                             admin::v1::QuitResponse* response) {
  if (auto* const refused = Refuse(context, "Quit", *request)) return refused;
  return AnswerQuit(calls_, operations_, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Stop(grpc::CallbackServerContext* context,
                                             const admin::v1::StopRequest* request,
                                             admin::v1::StopResponse* response) {
  if (auto* const refused = Refuse(context, "Stop", *request)) return refused;
  return AnswerStop(calls_, operations_, context, request, response);
}

}  // namespace muster::master
