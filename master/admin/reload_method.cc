#include "muster/master/admin/reload_method.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "muster/master/admin/response_parts.h"

namespace muster::master {
namespace {

bool IsHashOrEmpty(absl::string_view hash) {
  constexpr std::size_t kDigits = 64;
  return hash.empty() ||
         (hash.size() == kDigits && std::all_of(hash.begin(), hash.end(), [](unsigned char c) {
            return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f');
          }));
}

ReloadCondition ToCondition(const admin::v1::ReloadCondition& condition) {
  return {.generation = condition.generation(), .hash = condition.hash()};
}

grpc::ServerUnaryReactor* Answer(AdminCalls& calls, const AdminOperations& operations,
                                 grpc::CallbackServerContext* context,
                                 const google::protobuf::Message& request, ReloadTerms terms,
                                 admin::v1::ReloadResponse* response) {
  return calls.Change(
      context, "reload", request,
      [&operations, terms = std::move(terms)](AdminOperations::Reply reply) {
        if (!IsHashOrEmpty(terms.condition.hash)) {
          reply({.status = absl::InvalidArgumentError(
                     "only_if.hash: expected the 64 digits of ActiveConfig.hash")});
          return RequestId{0};
        }
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
                {.until_drained = request.wait() == admin::v1::ReloadRequest::DRAINED,
                 .condition = ToCondition(request.only_if())},
                response);
}

grpc::ServerUnaryReactor* AnswerReloadConfigText(AdminCalls& calls,
                                                 const AdminOperations& operations,
                                                 grpc::CallbackServerContext* context,
                                                 const admin::v1::ReloadConfigTextRequest& request,
                                                 admin::v1::ReloadResponse* response) {
  return Answer(calls, operations, context, request,
                {.config = request.config(),
                 .until_drained = request.wait() == admin::v1::ReloadRequest::DRAINED,
                 .condition = ToCondition(request.only_if())},
                response);
}

}  // namespace muster::master
