#include "muster/master/admin/reload_method.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/log/printable.h"
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

// What a call asks for that no reload can do: a later version of the API may know more.
absl::Status Check(admin::v1::ReloadRequest::Wait wait, const ReloadCondition& condition) {
  if (!admin::v1::ReloadRequest::Wait_IsValid(wait)) {
    return absl::InvalidArgumentError(
        absl::StrCat("wait: there is no moment ", static_cast<int>(wait), " to wait for"));
  }
  if (IsHashOrEmpty(condition.hash)) return absl::OkStatus();
  return absl::InvalidArgumentError("only_if.hash: expected the 64 digits of ActiveConfig.hash");
}

ReloadCondition ToCondition(const admin::v1::ReloadCondition& condition) {
  return {.generation = condition.generation(), .hash = condition.hash()};
}

std::function<void(const Outcome&)> FillOf(const AdminOperations& operations,
                                           admin::v1::ReloadResponse* response) {
  return [&operations, response](const Outcome& outcome) {
    TellWhatServes(outcome, operations, response);
    response->set_connections_held(outcome.connections_held);
    response->set_connections_kept(outcome.connections_kept);
    response->set_connections_cut(outcome.connections_cut);
    TellHowWorkersEnded(outcome, response);
    response->set_connections_ended(outcome.connections_ended);
    for (const std::string& what : outcome.made_anew) response->add_made_anew(log::Printable(what));
  };
}

grpc::ServerUnaryReactor* Answer(AdminCalls& calls, const AdminOperations& operations,
                                 grpc::CallbackServerContext* context,
                                 const google::protobuf::Message& request,
                                 admin::v1::ReloadRequest::Wait wait, ReloadTerms terms,
                                 admin::v1::ReloadResponse* response) {
  terms.until_drained = wait == admin::v1::ReloadRequest::DRAINED;
  return calls.Change(
      context, "reload", request,
      [&operations, wait, terms = std::move(terms)](AdminOperations::Reply reply) {
        if (const absl::Status checked = Check(wait, terms.condition); !checked.ok()) {
          reply({.status = checked});
          return RequestId{0};
        }
        return operations.reload(terms, std::move(reply));
      },
      FillOf(operations, response));
}

}  // namespace

grpc::ServerUnaryReactor* AnswerReload(AdminCalls& calls, const AdminOperations& operations,
                                       grpc::CallbackServerContext* context,
                                       const admin::v1::ReloadRequest& request,
                                       admin::v1::ReloadResponse* response) {
  return Answer(calls, operations, context, request, request.wait(),
                {.condition = ToCondition(request.only_if()), .by = calls.CallerName(context)},
                response);
}

grpc::ServerUnaryReactor* AnswerReloadConfigText(AdminCalls& calls,
                                                 const AdminOperations& operations,
                                                 grpc::CallbackServerContext* context,
                                                 const admin::v1::ReloadConfigTextRequest& request,
                                                 admin::v1::ReloadResponse* response) {
  return Answer(calls, operations, context, request, request.wait(),
                {.config = request.config(),
                 .condition = ToCondition(request.only_if()),
                 .by = calls.CallerName(context)},
                response);
}

grpc::ServerUnaryReactor* AnswerRollback(AdminCalls& calls, const AdminOperations& operations,
                                         grpc::CallbackServerContext* context,
                                         const admin::v1::RollbackRequest& request,
                                         admin::v1::ReloadResponse* response) {
  RollbackEvent event = {.generation = request.generation(),
                         .until_drained = request.wait() == admin::v1::ReloadRequest::DRAINED,
                         .condition = ToCondition(request.only_if()),
                         .by = calls.CallerName(context)};
  return calls.Change(
      context, "rollback", request,
      [&operations, wait = request.wait(), event = std::move(event)](AdminOperations::Reply reply) {
        if (const absl::Status status = Check(wait, event.condition); !status.ok()) {
          reply({.status = status});
          return RequestId{0};
        }
        return operations.rollback(event, std::move(reply));
      },
      FillOf(operations, response));
}

}  // namespace muster::master
