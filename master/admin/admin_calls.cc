#include "muster/master/admin/admin_calls.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "muster/master/admin/call/audited_call.h"
#include "muster/master/admin/call/error_details.h"
#include "muster/master/admin/call/leaving.h"
#include "muster/master/admin/connection/answer_time.h"
#include "muster/master/admin/connection/caller_of.h"

namespace muster::master {
namespace {

grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, const grpc::Status& status) {
  grpc::ServerUnaryReactor* const call = context->DefaultReactor();
  call->Finish(status);
  return call;
}

// gRPC calls it until OnDone.
class Reactor final : public grpc::ServerUnaryReactor {
 public:
  void SetOnCancel(std::function<void()> on_cancel) { on_cancel_ = std::move(on_cancel); }

 private:
  void OnCancel() override {
    if (on_cancel_) on_cancel_();
  }
  void OnDone() override { delete this; }

  std::function<void()> on_cancel_;
};

}  // namespace

grpc::ServerUnaryReactor* AdminCalls::Read(std::function<void()> fill) {
  return Begin([open = open_, fill = std::move(fill)](CallId id) {
    fill();
    open->Finish(id, grpc::Status::OK);
  });
}

grpc::ServerUnaryReactor* AdminCalls::ReadNow(grpc::CallbackServerContext* context,
                                              absl::FunctionRef<void()> fill) {
  grpc::ServerUnaryReactor* const call = context->DefaultReactor();
  if (open_->NoteUse()) {
    fill();
    call->Finish(grpc::Status::OK);
  } else {
    call->Finish(LeavingStatus());
  }
  return call;
}

grpc::ServerUnaryReactor* AdminCalls::Change(grpc::CallbackServerContext* context,
                                             absl::string_view name,
                                             const google::protobuf::Message& request,
                                             AdminOperations::Order order,
                                             std::function<void(const Outcome&)> fill) {
  const Caller caller = CallerOf(peer_, context->auth_context().get());
  absl::StatusOr<AuditedCall> begun =
      AuditedCall::Begin(*operations_.audit, operations_.generation, caller, *context, request);
  if (!begun.ok()) return Answer(context, ToGrpcStatus(begun.status()));
  const auto audited = std::make_shared<AuditedCall>(*std::move(begun));
  const std::string what =
      absl::StrCat("admin: ", name, " asked for over the socket by ", caller.name);
  const std::optional<loop::TimePoint> answer_time =
      AnswerTime(context->deadline() - std::chrono::system_clock::now(), loop::Clock::now());
  return Begin([open = open_, &loop = loop_, &log = log_, what, name = std::string(name),
                answer_time, order = std::move(order), fill = std::move(fill), audited](CallId id) {
    // The outcome is logged by whoever decides it.
    log.Write(Severity::kInfo, what);
    const RequestId request = order([open, fill, id, audited](const Outcome& outcome) {
      // Also if nobody waits for the answer any more.
      audited->End(outcome.status);
      if (!open->Has(id)) return;
      if (outcome.status.ok()) fill(outcome);
      open->Finish(id, ToGrpcStatus(outcome.status));
    });
    std::unique_ptr<loop::Timer> deadline;
    if (answer_time.has_value()) {
      deadline = std::make_unique<loop::Timer>(
          loop, [open, id] { open->Withdraw(id, "the deadline of its call came"); });
      deadline->Set(*answer_time);
    }
    open->Await(id, name, request, std::move(deadline));
  });
}

std::string AdminCalls::CallerName(grpc::CallbackServerContext* context) const {
  return CallerOf(peer_, context->auth_context().get()).name;
}

void AdminCalls::Close() { open_->Close(); }

grpc::ServerUnaryReactor* AdminCalls::Begin(std::function<void(CallId)> work) {
  auto* reactor = new Reactor;
  const std::optional<CallId> id = open_->Add(reactor);
  if (!id.has_value()) return reactor;
  loop_.Post([open = open_, id = *id, work = std::move(work)] {
    if (open->Has(id)) work(id);
  });
  reactor->SetOnCancel([open = open_, &loop = loop_, id = *id] {
    loop.Post([open, id] { open->Withdraw(id, "its caller cancelled it"); });
  });
  return reactor;
}

std::optional<AdminCalls::CallId> AdminCalls::Open::Add(grpc::ServerUnaryReactor* call) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (is_closed_) {
    call->Finish(LeavingStatus());
    return std::nullopt;
  }
  last_used_ = loop::Clock::now();
  calls_[++last_].reactor = call;
  return last_;
}

bool AdminCalls::Open::NoteUse() {
  const std::lock_guard<std::mutex> lock(mutex_);
  last_used_ = loop::Clock::now();
  return !is_closed_;
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
  found->second.reactor->Finish(status);
  calls_.erase(found);
}

void AdminCalls::Open::Answer(CallId id, const absl::Status& status) {
  Finish(id, ToGrpcStatus(status));
}

void AdminCalls::Open::Close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  is_closed_ = true;
  for (const auto& [id, call] : calls_) call.reactor->Finish(LeavingStatus());
  calls_.clear();
}

void AdminCalls::Open::Await(CallId id, absl::string_view name, RequestId request,
                             std::unique_ptr<loop::Timer> deadline) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  found->second.name = std::string(name);
  found->second.request = request;
  found->second.deadline = std::move(deadline);
}

void AdminCalls::Open::Withdraw(CallId id, const std::string& why) {
  std::string name;
  RequestId request = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = calls_.find(id);
    if (found == calls_.end() || found->second.request == 0) return;
    name = found->second.name;
    request = found->second.request;
  }
  withdraw_(request, why);
  // What could be undone is answered by now.
  Finish(id, ToGrpcStatus(absl::CancelledError(absl::StrCat("the ", name, " goes on: ", why))));
}

void AdminCalls::Open::WithdrawAll(const std::string& why) {
  std::vector<CallId> all;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [id, call] : calls_) all.push_back(id);
  }
  for (const CallId id : all) Withdraw(id, why);
}

}  // namespace muster::master
