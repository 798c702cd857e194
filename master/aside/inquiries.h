#ifndef MUSTER_MASTER_ASIDE_INQUIRIES_H_
#define MUSTER_MASTER_ASIDE_INQUIRIES_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/loop/timer.h"
#include "muster/master/aside/side_thread.h"

namespace muster::master {

// Finds answers for callers who wait, in a thread of its own, one after the other: for what may
// wait without a bound, such as files of a network or the worker program. Each answer is given in
// time, whatever hangs. Used in the thread of `loop`, which outlives it.
class Inquiries : private loop::Handler {
 public:
  // How long an answer may take, from when it is asked for.
  static constexpr std::chrono::seconds kPatience{30};
  // Further ones are refused.
  static constexpr std::size_t kMostWaiting = 16;

  static absl::StatusOr<std::unique_ptr<Inquiries>> Create(
      loop::EventLoop& loop, std::chrono::milliseconds patience = kPatience);
  // Nobody is told any more.
  ~Inquiries() override;
  Inquiries(const Inquiries&) = delete;
  Inquiries& operator=(const Inquiries&) = delete;

  // Calls `tell` once, in the loop's thread and not from within this call: with what `find`
  // returned in the thread; or with DeadlineExceeded, and what hangs; or with ResourceExhausted,
  // since an earlier one hangs or too many wait. `find` owns all that it uses, and should end soon
  // after its `stop_fd` has become readable.
  template <typename T>
  void Ask(absl::AnyInvocable<absl::StatusOr<T>(int stop_fd)> find,
           std::function<void(absl::StatusOr<T>)> tell) {
    auto found = std::make_shared<std::optional<absl::StatusOr<T>>>();
    Begin([find = std::move(find), found](int stop_fd) mutable { found->emplace(find(stop_fd)); },
          [tell = std::move(tell), found](const absl::Status& status) {
            if (status.ok()) {
              tell(*std::move(*found));
            } else {
              tell(status);
            }
          });
  }

 private:
  using Id = std::uint64_t;
  struct UnderWay;
  struct Ended;
  struct Waiting;

  Inquiries(loop::EventLoop& loop, std::chrono::milliseconds patience, std::shared_ptr<Ended> ended,
            std::unique_ptr<SideThread> thread);
  void Begin(absl::AnyInvocable<void(int stop_fd)> find,
             std::function<void(const absl::Status&)> tell);
  void OnEvents(std::uint32_t events) override;
  void GiveUp(Id id);
  std::string WhatHangs() const;
  // Ends the waiting and tells its status.
  void Tell(Id id, const absl::Status& status);

  loop::EventLoop& loop_;
  const std::chrono::milliseconds patience_;
  const std::shared_ptr<Ended> ended_;  // the thread has it too
  Id last_ = 0;
  std::map<Id, Waiting> waiting_;
  std::set<Id> overdue_;  // which have not ended yet
  const std::unique_ptr<SideThread> thread_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ASIDE_INQUIRIES_H_
