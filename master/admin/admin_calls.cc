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
  return Begin(context, [open = open_, fill = std::move(fill)](CallId id) {
    fill();
    open->Finish(id, grpc::Status::OK);
  });
}

grpc::ServerUnaryReactor* AdminCalls::Change(
    grpc::CallbackServerContext* context, absl::string_view name,
    const std::function<void(AdminOperations::Reply)>& change,
    std::function<void(const Outcome&)> fill) {
  const std::string what =
      absl::StrCat("admin: ", name, " asked for over the socket by ", peer_.ToString());
  return Begin(context,
               [open = open_, &log = log_, what, &change, fill = std::move(fill)](CallId id) {
                 // The outcome is logged by whoever decides it.
                 log.Write(Severity::kInfo, what);
                 change([open, fill, id](const Outcome& outcome) {
                   if (!open->Has(id)) return;
                   if (outcome.status.ok()) fill(outcome);
                   open->Finish(id, ToGrpc(outcome.status));
                 });
               });
}

void AdminCalls::Close() { open_->Close(); }

grpc::ServerUnaryReactor* AdminCalls::Begin(grpc::CallbackServerContext* context,
                                            std::function<void(CallId)> work) {
  grpc::ServerUnaryReactor* call = context->DefaultReactor();
  const std::optional<CallId> id = open_->Add(call);
  if (id.has_value()) {
    loop_.Post([open = open_, id = *id, work = std::move(work)] {
      if (open->Has(id)) work(id);
    });
  }
  return call;
}

std::optional<AdminCalls::CallId> AdminCalls::Open::Add(grpc::ServerUnaryReactor* call) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (is_closed_) {
    call->Finish(Leaving());
    return std::nullopt;
  }
  last_used_ = loop::Clock::now();
  calls_[++last_] = call;
  return last_;
}

bool AdminCalls::Open::Has(CallId id) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return calls_.count(id) != 0;
}

bool AdminCalls::Open::IsBusy() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return !calls_.empty();
}

loop::TimePoint AdminCalls::Open::last_used() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return last_used_;
}

void AdminCalls::Open::Finish(CallId id, const grpc::Status& status) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  last_used_ = loop::Clock::now();
  found->second->Finish(status);
  calls_.erase(found);
}

void AdminCalls::Open::Close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  is_closed_ = true;
  for (const auto& [id, call] : calls_) call->Finish(Leaving());
  calls_.clear();
}

}  // namespace muster::master
