#include "muster/master/admin/end_methods.h"

#include "muster/master/admin/response_parts.h"

namespace muster::master {

grpc::ServerUnaryReactor* AnswerQuit(AdminCalls& calls, const AdminOperations& operations,
                                     grpc::CallbackServerContext* context,
                                     const admin::v1::QuitRequest* request,
                                     admin::v1::QuitResponse* response) {
  return calls.Change(context, "quit", *request, operations.quit,
                      [response](const Outcome& outcome) { TellOfTheEnd(outcome, response); });
}

grpc::ServerUnaryReactor* AnswerStop(AdminCalls& calls, const AdminOperations& operations,
                                     grpc::CallbackServerContext* context,
                                     const admin::v1::StopRequest* request,
                                     admin::v1::StopResponse* response) {
  return calls.Change(context, "stop", *request, operations.stop,
                      [response](const Outcome& outcome) { TellOfTheEnd(outcome, response); });
}

}  // namespace muster::master
