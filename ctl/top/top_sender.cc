#include "muster/ctl/top/top_sender.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>

#include "muster/ipc/base/check.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

TopOutcome Unsent(absl::string_view why) {
  return {.unsent = std::string(why), .answer = absl::UnknownError("it was not sent")};
}

}  // namespace

TopSender::TopSender(std::function<absl::StatusOr<MasterConnection>()> connect)
    : connect_(std::move(connect)), outcome_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  MUSTER_CHECK(outcome_fd_.valid(), "eventfd");
}

TopSender::~TopSender() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    if (asked_ != nullptr) asked_->Cancel();
  }
  if (thread_.joinable()) thread_.join();
}

void TopSender::Send(const TopOrder& order) {
  // It has left its outcome, so it is at its end.
  if (thread_.joinable()) thread_.join();
  thread_ = std::thread([this, order] {
    TopOutcome outcome = Give(order);
    {
      const std::lock_guard lock(mutex_);
      outcome_ = std::move(outcome);
    }
    const std::uint64_t one = 1;
    (void)!::write(outcome_fd_.get(), &one, sizeof(one));
  });
}

std::optional<TopOutcome> TopSender::Take() {
  std::uint64_t count = 0;
  (void)!::read(outcome_fd_.get(), &count, sizeof(count));
  const std::lock_guard lock(mutex_);
  return std::exchange(outcome_, std::nullopt);
}

TopOutcome TopSender::Give(const TopOrder& order) {
  auto master = connect_();
  if (!master.ok()) return Unsent(master.status().message());
  {
    const std::lock_guard lock(mutex_);
    if (is_over_) return Unsent("top has ended");
    asked_ = &*master;
  }
  TopOutcome outcome = GiveTo(*master, order);
  const std::lock_guard lock(mutex_);
  asked_ = nullptr;
  return outcome;
}

TopOutcome TopSender::GiveTo(MasterConnection& master, const TopOrder& order) {
  const auto status = master.Ask<v1::Status>(v1::GetStatusRequest());
  if (!status.ok()) return Unsent(status.status().message());
  if (const std::string why = WhyNotSent(order, *status); !why.empty()) return Unsent(why);
  v1::ChangeWorkerRequest request;
  request.set_index(order.number);
  request.set_change(order.change);
  // The worker may be replaced between the two calls.
  request.mutable_only_if()->set_pid(order.pid);
  request.mutable_only_if()->set_generation(order.generation);
  return {.unsent = "", .answer = master.Order<v1::ChangeWorkerResponse>(request, nullptr)};
}

}  // namespace muster::ctl
