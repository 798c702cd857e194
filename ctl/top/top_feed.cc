#include "muster/ctl/top/top_feed.h"

#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/time/clock.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/status.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

// How long the end of a feed may go unnoticed.
constexpr absl::Duration kSlice = absl::Milliseconds(100);
// The master looks at zones beside its loop, where others may be looked at for long.
constexpr absl::Duration kForLocks = absl::Seconds(2);
constexpr absl::Duration kUntilLocksAgain = absl::Seconds(10);
// The caller has as many streams as it may.
constexpr absl::Duration kUntilEventsAgain = absl::Seconds(10);
constexpr std::size_t kMostEvents = 50;
constexpr std::uint64_t kShownBefore = 10;  // events, at the beginning, as ctl events --follow

absl::Duration Now() {
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return absl::DurationFromTimespec(now);
}

}  // namespace

TopFeed::TopFeed(MasterConnection first, std::function<absl::StatusOr<MasterConnection>()> connect,
                 absl::Duration interval)
    : connect_(std::move(connect)),
      interval_(interval),
      news_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  MUSTER_CHECK(news_fd_.valid(), "eventfd");
  events_.set_last(kShownBefore);
  thread_ = std::thread(
      [this, master = std::optional(std::move(first))]() mutable { Run(std::move(master)); });
}

TopFeed::~TopFeed() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    if (asked_ != nullptr) asked_->Cancel();
  }
  thread_.join();
}

TopNews TopFeed::Take() {
  std::uint64_t count = 0;
  (void)!::read(news_fd_.get(), &count, sizeof(count));
  const std::lock_guard lock(mutex_);
  TopNews news = std::move(news_);
  news_ = {};
  news_.trouble = news.trouble;
  return news;
}

void TopFeed::Tell(const std::function<void(TopNews&)>& change) {
  {
    const std::lock_guard lock(mutex_);
    change(news_);
  }
  const std::uint64_t one = 1;
  (void)!::write(news_fd_.get(), &one, sizeof(one));
}

bool TopFeed::is_over() const {
  const std::lock_guard lock(mutex_);
  return is_over_;
}

void TopFeed::SetAsked(MasterConnection* master) {
  const std::lock_guard lock(mutex_);
  asked_ = master;
}

void TopFeed::Run(std::optional<MasterConnection> master) {
  while (!is_over()) {
    absl::Status status = absl::OkStatus();
    if (master.has_value()) {
      SetAsked(&*master);
      status = Feed(*master);
      SetAsked(nullptr);
    }
    master.reset();
    if (is_over()) return;
    if (!status.ok()) {
      Tell([&](TopNews& news) { news.trouble = status; });
    }
    for (absl::Duration slept; slept < absl::Seconds(1) && !is_over(); slept += kSlice) {
      absl::SleepFor(kSlice);
    }
    auto again = connect_();
    if (again.ok()) {
      master.emplace(*std::move(again));
    } else {
      Tell([&](TopNews& news) { news.trouble = again.status(); });
    }
  }
}

void TopFeed::FeedLocks(MasterConnection& master) {
  if (Now() < next_locks_) return;
  v1::ListLocksRequest request;
  request.set_contended(true);
  auto locks = master.Ask<v1::ListLocksResponse>(request, kForLocks);
  if (locks.ok()) {
    Tell([&](TopNews& news) {
      news.locks = *std::move(locks);
      news.locks_taken = Now();
    });
  } else if (absl::IsUnimplemented(locks.status()) || absl::IsPermissionDenied(locks.status())) {
    next_locks_ = absl::InfiniteDuration();
  } else {
    // If the connection is lost, the next question tells.
    next_locks_ = Now() + kUntilLocksAgain;
  }
}

bool TopFeed::GoesOnWithoutEvents(const absl::Status& why) {
  if (absl::IsUnimplemented(why) || absl::IsPermissionDenied(why)) {
    // An older master, or one that does not let us look at its events.
    next_events_ = absl::InfiniteDuration();
    return true;
  }
  if (!absl::IsResourceExhausted(why)) return false;
  next_events_ = Now() + kUntilEventsAgain;
  return true;
}

absl::Status TopFeed::Feed(MasterConnection& master) {
  std::optional<MasterStream<v1::WatchEventsResponse>> events;
  while (!is_over()) {
    MUSTER_ASSIGN_OR_RETURN(v1::Status status, master.Ask<v1::Status>(v1::GetStatusRequest()));
    Tell([&](TopNews& news) {
      news.status = std::move(status);
      news.taken = Now();
      news.trouble = absl::OkStatus();
    });
    const absl::Duration next = Now() + interval_;
    FeedLocks(master);
    for (absl::Duration left = interval_; left > absl::ZeroDuration() && !is_over();
         left = next - Now()) {
      if (Now() >= next_events_ && !events.has_value()) {
        auto begun = master.Watch<v1::WatchEventsResponse>(events_);
        if (begun.ok()) {
          events.emplace(*std::move(begun));
        } else if (!GoesOnWithoutEvents(begun.status())) {
          return begun.status();
        }
      }
      if (!events.has_value()) {
        absl::SleepFor(std::min(left, kSlice));
        continue;
      }
      auto batch = events->Within(std::min(left, kSlice));
      if (!batch.ok()) {
        if (!GoesOnWithoutEvents(batch.status())) return batch.status();
        events.reset();
        continue;
      }
      if (*batch == nullptr) continue;
      events_.set_instance((*batch)->instance());
      events_.set_from((*batch)->next());
      Tell([&](TopNews& news) {
        news.events.insert(news.events.end(), (*batch)->events().begin(), (*batch)->events().end());
        if (news.events.size() > kMostEvents) {
          news.events.erase(news.events.begin(), news.events.end() - kMostEvents);
        }
      });
    }
  }
  return absl::OkStatus();
}

}  // namespace muster::ctl
