#include "muster/master/admin/admin_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/master/access/admin_method.h"
#include "muster/master/admin/config_methods.h"
#include "muster/master/admin/connection/caller_of.h"
#include "muster/master/admin/end_methods.h"
#include "muster/master/admin/log_level_method.h"
#include "muster/master/admin/pause_methods.h"
#include "muster/master/admin/reload_method.h"
#include "muster/master/admin/reopen_method.h"
#include "muster/master/admin/status_methods.h"
#include "muster/master/admin/zone_methods.h"

namespace muster::master {
namespace {

class EndedStream final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  explicit EndedStream(grpc::Status status) { Finish(std::move(status)); }

 private:
  void OnDone() override { delete this; }
};

}  // namespace

grpc::Status AdminService::Ask(const grpc::CallbackServerContext& context,
                               absl::string_view method) {
  return gate_.Check(CallerOf(peer_, *context.auth_context()),
                     AdminMethodAt(absl::StrCat(kAdminService, method)));
}

grpc::ServerUnaryReactor* AdminService::Refuse(grpc::CallbackServerContext* context,
                                               absl::string_view method) {
  grpc::Status status = Ask(*context, method);
  if (status.ok()) return nullptr;
  grpc::ServerUnaryReactor* const call = context->DefaultReactor();
  call->Finish(std::move(status));
  return call;
}

grpc::ServerUnaryReactor* AdminService::GetStatus(grpc::CallbackServerContext* context,
                                                  const admin::v1::GetStatusRequest*,
                                                  admin::v1::Status* response) {
  if (auto* const refused = Refuse(context, "GetStatus")) return refused;
  return AnswerGetStatus(calls_, operations_, response);
}

grpc::ServerUnaryReactor* AdminService::ListWorkers(grpc::CallbackServerContext* context,
                                                    const admin::v1::ListWorkersRequest*,
                                                    admin::v1::ListWorkersResponse* response) {
  if (auto* const refused = Refuse(context, "ListWorkers")) return refused;
  return AnswerListWorkers(calls_, operations_, response);
}

grpc::ServerUnaryReactor* AdminService::GetStats(grpc::CallbackServerContext* context,
                                                 const admin::v1::GetStatsRequest*,
                                                 admin::v1::Stats* response) {
  if (auto* const refused = Refuse(context, "GetStats")) return refused;
  return AnswerGetStats(calls_, operations_, response);
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* AdminService::RefuseStream(
    grpc::CallbackServerContext* context, absl::string_view method) {
  grpc::Status status = Ask(*context, method);
  return status.ok() ? nullptr : new EndedStream(std::move(status));
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* AdminService::WatchEvents(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer*) {
  if (auto* const refused = RefuseStream(context, "WatchEvents")) return refused;
  return new EndedStream({grpc::StatusCode::UNIMPLEMENTED, "not yet"});
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* AdminService::WatchStatus(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer*) {
  if (auto* const refused = RefuseStream(context, "WatchStatus")) return refused;
  return new EndedStream({grpc::StatusCode::UNIMPLEMENTED, "not yet"});
}

grpc::ServerUnaryReactor* AdminService::GetCall(grpc::CallbackServerContext* context,
                                                const admin::v1::GetCallRequest*,
                                                admin::v1::Call*) {
  if (auto* const refused = Refuse(context, "GetCall")) return refused;
  grpc::ServerUnaryReactor* const call = context->DefaultReactor();
  call->Finish({grpc::StatusCode::NOT_FOUND, "no call has this id"});
  return call;
}

grpc::ServerUnaryReactor* AdminService::ListCalls(grpc::CallbackServerContext* context,
                                                  const admin::v1::ListCallsRequest*,
                                                  admin::v1::ListCallsResponse*) {
  if (auto* const refused = Refuse(context, "ListCalls")) return refused;
  grpc::ServerUnaryReactor* const call = context->DefaultReactor();
  call->Finish(grpc::Status::OK);
  return call;
}

grpc::ServerUnaryReactor* AdminService::GetConfig(grpc::CallbackServerContext* context,
                                                  const admin::v1::GetConfigRequest*,
                                                  admin::v1::ActiveConfig* response) {
  if (auto* const refused = Refuse(context, "GetConfig")) return refused;
  return AnswerGetConfig(calls_, operations_, response);
}

grpc::ServerUnaryReactor* AdminService::ListZones(grpc::CallbackServerContext* context,
                                                  const admin::v1::ListZonesRequest*,
                                                  admin::v1::ListZonesResponse* response) {
  if (auto* const refused = Refuse(context, "ListZones")) return refused;
  return AnswerListZones(calls_, operations_, response);
}

grpc::ServerUnaryReactor* AdminService::ListLocks(grpc::CallbackServerContext* context,
                                                  const admin::v1::ListLocksRequest* request,
                                                  admin::v1::ListLocksResponse* response) {
  if (auto* const refused = Refuse(context, "ListLocks")) return refused;
  return AnswerListLocks(calls_, operations_, *request, response);
}

grpc::ServerUnaryReactor* AdminService::CheckConfig(grpc::CallbackServerContext* context,
                                                    const admin::v1::CheckConfigRequest*,
                                                    admin::v1::ConfigCheck* response) {
  if (auto* const refused = Refuse(context, "CheckConfig")) return refused;
  return AnswerCheckConfig(calls_, operations_, response);
}

grpc::ServerUnaryReactor* AdminService::CheckConfigText(
    grpc::CallbackServerContext* context, const admin::v1::CheckConfigTextRequest* request,
    admin::v1::ConfigCheck* response) {
  if (auto* const refused = Refuse(context, "CheckConfigText")) return refused;
  return AnswerCheckConfigText(calls_, operations_, *request, response);
}

grpc::ServerUnaryReactor* AdminService::Reload(grpc::CallbackServerContext* context,
                                               const admin::v1::ReloadRequest* request,
                                               admin::v1::ReloadResponse* response) {
  if (auto* const refused = Refuse(context, "Reload")) return refused;
  return AnswerReload(calls_, operations_, context, *request, response);
}

grpc::ServerUnaryReactor* AdminService::ReloadConfigText(
    grpc::CallbackServerContext* context, const admin::v1::ReloadConfigTextRequest* request,
    admin::v1::ReloadResponse* response) {
  if (auto* const refused = Refuse(context, "ReloadConfigText")) return refused;
  return AnswerReloadConfigText(calls_, operations_, context, *request, response);
}

grpc::ServerUnaryReactor* AdminService::SetLogLevel(grpc::CallbackServerContext* context,
                                                    const admin::v1::SetLogLevelRequest* request,
                                                    admin::v1::SetLogLevelResponse* response) {
  if (auto* const refused = Refuse(context, "SetLogLevel")) return refused;
  return AnswerSetLogLevel(calls_, operations_, context, *request, response);
}

grpc::ServerUnaryReactor* AdminService::Reopen(grpc::CallbackServerContext* context,
                                               const admin::v1::ReopenRequest*,
                                               admin::v1::ReopenResponse* response) {
  if (auto* const refused = Refuse(context, "Reopen")) return refused;
  return AnswerReopen(calls_, operations_, context, response);
}

grpc::ServerUnaryReactor* AdminService::Pause(grpc::CallbackServerContext* context,
                                              const admin::v1::PauseRequest*,
                                              admin::v1::PauseResponse* response) {
  if (auto* const refused = Refuse(context, "Pause")) return refused;
  return AnswerPause(calls_, operations_, context, response);
}

grpc::ServerUnaryReactor* AdminService::Resume(grpc::CallbackServerContext* context,
                                               const admin::v1::ResumeRequest*,
                                               admin::v1::ResumeResponse* response) {
  if (auto* const refused = Refuse(context, "Resume")) return refused;
  return AnswerResume(calls_, operations_, context, response);
}

grpc::ServerUnaryReactor* AdminService::Quit(grpc::CallbackServerContext* context,
                                             const admin::v1::QuitRequest*,
                                             admin::v1::QuitResponse* response) {
  if (auto* const refused = Refuse(context, "Quit")) return refused;
  return AnswerQuit(calls_, operations_, context, response);
}

grpc::ServerUnaryReactor* AdminService::Stop(grpc::CallbackServerContext* context,
                                             const admin::v1::StopRequest*,
                                             admin::v1::StopResponse* response) {
  if (auto* const refused = Refuse(context, "Stop")) return refused;
  return AnswerStop(calls_, operations_, context, response);
}

}  // namespace muster::master
