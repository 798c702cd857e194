#include "muster/master/admin/admin_calls.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace muster::master {
namespace {

grpc::Status Leaving() { return {grpc::StatusCode::UNAVAILABLE, "the master is leaving"}; }

// The codes of both have the same values.
grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

}  // namespace

grpc::ServerUnaryReactor* AdminCalls::Read(grpc::CallbackServerContext* context,
                                           std::function<void()> fill) {
  return Begin(context, [this, fill = std::move(fill)](grpc::ServerUnaryReactor* call) {
    fill();
    Finish(call, grpc::Status::OK);
  });
}

grpc::ServerUnaryReactor* AdminCalls::Change(
    grpc::CallbackServerContext* context, absl::string_view name,
    const std::function<void(AdminOperations::Reply)>& change,
    std::function<void(const Outcome&)> fill) {
  const std::string what = absl::StrCat("admin: ", name, " asked for over the socket");
  return Begin(context,
               [this, what, &change, fill = std::move(fill)](grpc::ServerUnaryReactor* call) {
                 // The outcome is logged by whoever decides it.
                 log_.Write(Severity::kInfo, what);
                 change([this, fill, call](const Outcome& outcome) {
                   if (!IsOpen(call)) return;
                   if (outcome.status.ok()) fill(outcome);
                   Finish(call, ToGrpc(outcome.status));
                 });
               });
}

void AdminCalls::Close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  is_closed_ = true;
  for (grpc::ServerUnaryReactor* call : open_) call->Finish(Leaving());
  open_.clear();
}

grpc::ServerUnaryReactor* AdminCalls::Begin(grpc::CallbackServerContext* context,
                                            std::function<void(grpc::ServerUnaryReactor*)> work) {
  grpc::ServerUnaryReactor* call = context->DefaultReactor();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (is_closed_) {
    call->Finish(Leaving());
    return call;
  }
  open_.insert(call);
  loop_.Post([this, call, work = std::move(work)] {
    if (IsOpen(call)) work(call);
  });
  return call;
}

bool AdminCalls::IsOpen(grpc::ServerUnaryReactor* call) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return open_.count(call) != 0;
}

void AdminCalls::Finish(grpc::ServerUnaryReactor* call, const grpc::Status& status) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_.erase(call);
  }
  call->Finish(status);
}

}  // namespace muster::master
