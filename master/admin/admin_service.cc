#include "muster/master/admin/admin_service.h"

#include "muster/master/admin/end_methods.h"
#include "muster/master/admin/pause_methods.h"
#include "muster/master/admin/reload_method.h"
#include "muster/master/admin/reopen_method.h"
#include "muster/master/admin/status_methods.h"

namespace muster::master {

grpc::ServerUnaryReactor* AdminService::GetStatus(grpc::CallbackServerContext*,
                                                  const admin::v1::GetStatusRequest*,
                                                  admin::v1::Status* response) {
  return AnswerGetStatus(calls_, operations_, response);
}

grpc::ServerUnaryReactor* AdminService::ListWorkers(grpc::CallbackServerContext*,
                                                    const admin::v1::ListWorkersRequest*,
                                                    admin::v1::ListWorkersResponse* response) {
  return AnswerListWorkers(calls_, operations_, response);
}

grpc::ServerUnaryReactor* AdminService::GetStats(grpc::CallbackServerContext*,
                                                 const admin::v1::GetStatsRequest*,
                                                 admin::v1::Stats* response) {
  return AnswerGetStats(calls_, operations_, response);
}

grpc::ServerUnaryReactor* AdminService::Reload(grpc::CallbackServerContext* context,
                                               const admin::v1::ReloadRequest*,
                                               admin::v1::ReloadResponse* response) {
  return AnswerReload(calls_, operations_, context, response);
}

grpc::ServerUnaryReactor* AdminService::Reopen(grpc::CallbackServerContext* context,
                                               const admin::v1::ReopenRequest*,
                                               admin::v1::ReopenResponse* response) {
  return AnswerReopen(calls_, operations_, context, response);
}

grpc::ServerUnaryReactor* AdminService::Pause(grpc::CallbackServerContext* context,
                                              const admin::v1::PauseRequest*,
                                              admin::v1::PauseResponse* response) {
  return AnswerPause(calls_, operations_, context, response);
}

grpc::ServerUnaryReactor* AdminService::Resume(grpc::CallbackServerContext* context,
                                               const admin::v1::ResumeRequest*,
                                               admin::v1::ResumeResponse* response) {
  return AnswerResume(calls_, operations_, context, response);
}

grpc::ServerUnaryReactor* AdminService::Quit(grpc::CallbackServerContext* context,
                                             const admin::v1::QuitRequest*,
                                             admin::v1::QuitResponse* response) {
  return AnswerQuit(calls_, operations_, context, response);
}

grpc::ServerUnaryReactor* AdminService::Stop(grpc::CallbackServerContext* context,
                                             const admin::v1::StopRequest*,
                                             admin::v1::StopResponse* response) {
  return AnswerStop(calls_, operations_, context, response);
}

}  // namespace muster::master
