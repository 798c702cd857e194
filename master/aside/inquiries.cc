#include "muster/master/aside/inquiries.h"

#include <sys/epoll.h>

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/wake_fd.h"

namespace muster::master {

struct Inquiries::UnderWay {
  explicit UnderWay(ipc::WakeFd stop_fd) : stop(std::move(stop_fd)) {}

  ipc::WakeFd stop;
  std::atomic<bool> is_abandoned = false;
};

// What the thread has for the loop.
struct Inquiries::Ended {
  explicit Ended(ipc::WakeFd wake_fd) : wake(std::move(wake_fd)) {}

  void Add(Id id) {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      ids.push_back(id);
    }
    wake.Notify();
  }
  std::vector<Id> Take() {
    wake.Drain();
    const std::lock_guard<std::mutex> lock(mutex);
    return std::exchange(ids, {});
  }

  ipc::WakeFd wake;
  std::mutex mutex;
  std::vector<Id> ids;  // guarded by mutex
};

struct Inquiries::Waiting {
  std::shared_ptr<UnderWay> under_way;  // null: it is refused
  std::string why_refused;
  std::function<void(const absl::Status&)> tell;
  std::unique_ptr<loop::Timer> patience;
};

absl::StatusOr<std::unique_ptr<Inquiries>> Inquiries::Create(loop::EventLoop& loop,
                                                             std::chrono::milliseconds patience) {
  MUSTER_ASSIGN_OR_RETURN(ipc::WakeFd wake, ipc::WakeFd::Create());
  MUSTER_ASSIGN_OR_RETURN(std::unique_ptr<SideThread> thread, SideThread::Start());
  std::unique_ptr<Inquiries> inquiries(
      new Inquiries(loop, patience, std::make_shared<Ended>(std::move(wake)), std::move(thread)));
  MUSTER_RETURN_IF_ERROR(loop.Add(inquiries->ended_->wake.fd(), EPOLLIN, inquiries.get()));
  return inquiries;
}

Inquiries::Inquiries(loop::EventLoop& loop, std::chrono::milliseconds patience,
                     std::shared_ptr<Ended> ended, std::unique_ptr<SideThread> thread)
    : loop_(loop), patience_(patience), ended_(std::move(ended)), thread_(std::move(thread)) {}

Inquiries::~Inquiries() {
  for (const auto& [id, waiting] : waiting_) {
    if (waiting.under_way == nullptr) continue;
    waiting.under_way->is_abandoned = true;
    waiting.under_way->stop.Notify();
  }
  loop_.Remove(ended_->wake.fd(), this);
}

void Inquiries::Begin(absl::AnyInvocable<void(int stop_fd)> find,
                      std::function<void(const absl::Status&)> tell) {
  const Id id = ++last_;
  Waiting& waiting = waiting_[id];
  waiting.tell = std::move(tell);
  waiting.patience = std::make_unique<loop::Timer>(loop_, [this, id] { GiveUp(id); });
  absl::StatusOr<ipc::WakeFd> stop = ipc::WakeFd::Create();
  if (!overdue_.empty()) {
    waiting.why_refused = absl::StrCat("an earlier call is ", WhatHangs());
  } else if (waiting_.size() > kMostWaiting) {
    waiting.why_refused = "too many such calls wait; try again";
  } else if (!stop.ok()) {
    waiting.why_refused = std::string(stop.status().message());
  } else {
    waiting.under_way = std::make_shared<UnderWay>(*std::move(stop));
    waiting.patience->SetAfter(patience_);
    thread_->Post(
        [id, find = std::move(find), under_way = waiting.under_way, ended = ended_]() mutable {
          if (!under_way->is_abandoned) find(under_way->stop.fd());
          find = nullptr;
          ended->Add(id);
        });
    return;
  }
  waiting.patience->SetAfter(std::chrono::milliseconds(0));
}

void Inquiries::OnEvents(std::uint32_t) {
  for (const Id id : ended_->Take()) {
    overdue_.erase(id);
    Tell(id, absl::OkStatus());
  }
}

void Inquiries::GiveUp(Id id) {
  const Waiting& waiting = waiting_.at(id);
  if (waiting.under_way == nullptr)
    return Tell(id, absl::ResourceExhaustedError(waiting.why_refused));
  waiting.under_way->is_abandoned = true;
  waiting.under_way->stop.Notify();
  overdue_.insert(id);
  Tell(id, absl::DeadlineExceededError(WhatHangs()));
}

std::string Inquiries::WhatHangs() const {
  const std::optional<SideThread::Busy> busy = thread_->busy();
  return busy ? busy->ToString() : "at its end just now";
}

void Inquiries::Tell(Id id, const absl::Status& status) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  const Waiting waiting = std::move(found->second);
  waiting_.erase(found);
  waiting.tell(status);
}

}  // namespace muster::master
