#include "muster/master/admin/pause_methods.h"

#include <utility>

#include "muster/master/admin/response_parts.h"

namespace muster::master {

grpc::ServerUnaryReactor* AnswerPause(AdminCalls& calls, const AdminOperations& operations,
                                      grpc::CallbackServerContext* context,
                                      const admin::v1::PauseRequest* request,
                                      admin::v1::PauseResponse* response) {
  return calls.Change(context, "pause", *request, operations.pause,
                      [response](const Outcome& outcome) { TellOfTheEnd(outcome, response); });
}

grpc::ServerUnaryReactor* AnswerResume(AdminCalls& calls, const AdminOperations& operations,
                                       grpc::CallbackServerContext* context,
                                       const admin::v1::ResumeRequest* request,
                                       admin::v1::ResumeResponse* response) {
  return calls.Change(
      context, "resume", *request,
      [&operations, by = calls.CallerName(context)](AdminOperations::Reply reply) {
        return operations.resume(by, std::move(reply));
      },
      [&operations, response](const Outcome& outcome) {
        TellWhatServes(outcome, operations, response);
      });
}

}  // namespace muster::master
