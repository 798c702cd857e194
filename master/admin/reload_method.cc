#include "muster/master/admin/reload_method.h"

#include <utility>

#include "muster/master/admin/response_parts.h"

namespace muster::master {

namespace {

grpc::ServerUnaryReactor* Answer(AdminCalls& calls, const AdminOperations& operations,
                                 grpc::CallbackServerContext* context,
                                 const google::protobuf::Message& request, ReloadTerms terms,
                                 admin::v1::ReloadResponse* response) {
  return calls.Change(
      context, "reload", request,
      [&operations, terms = std::move(terms)](AdminOperations::Reply reply) {
        return operations.reload(terms, std::move(reply));
      },
      [&operations, response](const Outcome& outcome) {
        TellWhatServes(outcome, operations, response);
        response->set_connections_held(outcome.connections_held);
        response->set_connections_kept(outcome.connections_kept);
        response->set_connections_cut(outcome.connections_cut);
        TellHowWorkersEnded(outcome, response);
        response->set_connections_ended(outcome.connections_ended);
      });
}

}  // namespace

grpc::ServerUnaryReactor* AnswerReload(AdminCalls& calls, const AdminOperations& operations,
                                       grpc::CallbackServerContext* context,
                                       const admin::v1::ReloadRequest& request,
                                       admin::v1::ReloadResponse* response) {
  return Answer(calls, operations, context, request,
                {.until_drained = request.wait() == admin::v1::ReloadRequest::DRAINED}, response);
}

grpc::ServerUnaryReactor* AnswerReloadConfigText(AdminCalls& calls,
                                                 const AdminOperations& operations,
                                                 grpc::CallbackServerContext* context,
                                                 const admin::v1::ReloadConfigTextRequest& request,
                                                 admin::v1::ReloadResponse* response) {
  return Answer(calls, operations, context, request,
                {.config = request.config(),
                 .until_drained = request.wait() == admin::v1::ReloadRequest::DRAINED},
                response);
}

}  // namespace muster::master
