#include "muster/master/admin/access_gate.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"

namespace muster::master {

class AccessGate::Refusals {
 public:
  explicit Refusals(Log& log) : log_(log) {}

  void Write(const std::string& refusal, loop::TimePoint now) {
    const auto earned = static_cast<int>(
        std::min<std::int64_t>((now - earned_until_) / kBetweenLines, kBurst - lines_));
    lines_ += earned;
    earned_until_ = lines_ == kBurst ? now : earned_until_ + earned * kBetweenLines;
    if (lines_ == 0) {
      ++left_out_;
      return;
    }
    --lines_;
    const std::uint64_t left_out = std::exchange(left_out_, 0);
    log_.Write(Severity::kWarning,
               absl::StrCat("admin: refused ", refusal,
                            left_out == 0 ? "" : absl::StrCat(" (", left_out, " more before it)")));
  }

 private:
  Log& log_;
  int lines_ = kBurst;  // that may be written at once
  loop::TimePoint earned_until_{};
  std::uint64_t left_out_ = 0;
};

AccessGate::AccessGate(loop::EventLoop& loop, Log& log, AccessPolicy policy)
    : loop_(loop), refusals_(std::make_shared<Refusals>(log)) {
  Set(std::move(policy));
}

void AccessGate::Set(AccessPolicy policy) {
  auto shared = std::make_shared<const AccessPolicy>(std::move(policy));
  const std::lock_guard lock(mutex_);
  policy_.swap(shared);
}

grpc::Status AccessGate::Check(const Caller& caller, const AdminMethod& method) {
  std::shared_ptr<const AccessPolicy> policy;
  {
    const std::lock_guard lock(mutex_);
    policy = policy_;
  }
  const AccessPolicy::Decision decision = policy->Decide(caller, method);
  if (decision.is_allowed) return grpc::Status::OK;
  const std::string refusal =
      absl::StrCat(method.name(), " to ", caller.name, ": ", decision.reason);
  loop_.Post([refusals = std::weak_ptr(refusals_), refusal] {
    if (const auto there = refusals.lock()) there->Write(refusal, loop::Clock::now());
  });
  return {grpc::StatusCode::PERMISSION_DENIED,
          absl::StrCat(caller.name, " may not call ", method.name(), ": ", decision.reason)};
}

}  // namespace muster::master
