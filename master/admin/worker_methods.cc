#include "muster/master/admin/worker_methods.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/log/printable.h"
#include "muster/master/decide/scaling.h"
#include "muster/proto/duration.h"

namespace muster::master {
namespace {

using What = WorkerOrderEvent::What;
using admin::v1::ChangeWorkerRequest;

std::optional<What> WhatOf(ChangeWorkerRequest::Change change) {
  switch (change) {
    case ChangeWorkerRequest::RESTART:
      return What::kRestart;
    case ChangeWorkerRequest::DRAIN:
      return What::kDrain;
    case ChangeWorkerRequest::QUIT:
      return What::kQuit;
    case ChangeWorkerRequest::KILL:
      return What::kKill;
    default:
      return std::nullopt;
  }
}

WorkerCondition ConditionOf(const admin::v1::WorkerCondition& condition) {
  WorkerCondition result = {.generation = condition.generation()};
  if (condition.has_pid()) result.pid = condition.pid();
  return result;
}

template <typename Response>
void Tell(const Outcome& outcome, Response* response) {
  response->set_generation(outcome.generation);
  *response->mutable_took() = config::FromChrono(outcome.took);
  for (const std::string& warning : outcome.warnings) {
    response->add_warning(log::Printable(warning));
  }
}

AdminOperations::Order OrderOf(const AdminOperations& operations, WorkerOrderEvent event) {
  return [&operations, event = std::move(event)](AdminOperations::Reply reply) {
    return operations.change_workers(event, std::move(reply));
  };
}

AdminOperations::Order RefusedAs(std::string what) {
  return [what = std::move(what)](const AdminOperations::Reply& reply) {
    reply({.status = absl::InvalidArgumentError(what)});
    return RequestId{0};
  };
}

AdminOperations::Order ChangeOf(const AdminOperations& operations,
                                const ChangeWorkerRequest& request, std::string by) {
  const std::optional<What> what = WhatOf(request.change());
  if (!what.has_value()) {
    return RefusedAs(
        absl::StrCat("change: there is no change ", static_cast<int>(request.change())));
  }
  // Zero is the first worker, which nobody is to hit by leaving it out.
  if (!request.has_index()) return RefusedAs("index: is missing");
  return OrderOf(operations, {.what = *what,
                              .number = request.index(),
                              .by = std::move(by),
                              .condition = ConditionOf(request.only_if())});
}

}  // namespace

grpc::ServerUnaryReactor* AnswerRestart(AdminCalls& calls, const AdminOperations& operations,
                                        grpc::CallbackServerContext* context,
                                        const admin::v1::RestartRequest& request,
                                        admin::v1::RestartResponse* response) {
  return calls.Change(
      context, "restart", request,
      OrderOf(operations, {.what = What::kRestartAll, .by = calls.CallerName(context)}),
      [response](const Outcome& outcome) {
        Tell(outcome, response);
        response->set_restarted(outcome.restarted);
      });
}

grpc::ServerUnaryReactor* AnswerChangeWorker(AdminCalls& calls, const AdminOperations& operations,
                                             grpc::CallbackServerContext* context,
                                             const ChangeWorkerRequest& request,
                                             admin::v1::ChangeWorkerResponse* response) {
  return calls.Change(context, "change of a worker", request,
                      ChangeOf(operations, request, calls.CallerName(context)),
                      [response](const Outcome& outcome) { Tell(outcome, response); });
}

grpc::ServerUnaryReactor* AnswerScale(AdminCalls& calls, const AdminOperations& operations,
                                      grpc::CallbackServerContext* context,
                                      const admin::v1::ScaleRequest& request,
                                      admin::v1::ScaleResponse* response) {
  const bool is_fit = request.workers() >= 1 && request.workers() <= kMostWorkers;
  return calls.Change(context, "scale", request,
                      is_fit ? OrderOf(operations, {.what = What::kScale,
                                                    .number = request.workers(),
                                                    .by = calls.CallerName(context)})
                             : RefusedAs(absl::StrCat("workers: is ", request.workers(),
                                                      "; expected 1 to ", kMostWorkers)),
                      [response, workers = request.workers()](const Outcome& outcome) {
                        Tell(outcome, response);
                        response->set_workers(workers);
                      });
}

}  // namespace muster::master
