#include "muster/worker/runtime/handoff/handoff_outlet.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/memory/sealed_bytes.h"
#include "muster/proto/counted.h"
#include "muster/worker/origin/origin.h"
#include "muster/worker/origin/peer_address.h"
#include "muster/worker/protocol/command.h"

namespace muster::worker {
namespace {

// Between two looks while connections are on their way, and while some wait for room.
constexpr std::chrono::milliseconds kLookSoon(10);
constexpr std::chrono::milliseconds kLookForRoom(50);
constexpr std::chrono::seconds kTryAgain(1);

}  // namespace

HandoffOutlet::HandoffOutlet(const HandoffIntake::Surroundings& surroundings, HandoffIntake& intake,
                             ipc::Channel end, Callbacks callbacks)
    : around_(surroundings),
      intake_(intake),
      channel_(std::move(end)),
      callbacks_(std::move(callbacks)),
      end_(*this),
      look_(surroundings.loop, [this] { Look(); }) {}

HandoffOutlet::~HandoffOutlet() { Unwatch(); }

void HandoffOutlet::Start() {
  is_giving_ = true;
  stall_.Begin(LookNow());
  look_.SetAfter(kLookSoon);
}

void HandoffOutlet::Stop() {
  is_giving_ = false;
  look_.Cancel();
  Unwatch();
}

std::uint64_t HandoffOutlet::TakenByTakers() const {
  std::uint64_t taken = 0;
  for (const HandoffTaker& taker : around_.board.OtherTakers()) taken += taker.adopted;
  return taken;
}

std::uint64_t HandoffOutlet::RoomNow() const {
  const std::vector<HandoffTaker> takers = around_.board.OtherTakers();
  // Long ones count for several, which costs nothing but a moment.
  const std::uint64_t queued = intake_.queued_bytes() / HandoffIntake::kLeastBytes;
  return RoomLeft(takers, queued + around_.board.Unsent());
}

bool HandoffOutlet::HasRoom() {
  if (!is_giving_) return false;
  if (budget_ > 0) return true;
  const loop::TimePoint now = around_.loop.now();
  if (full_at_ != now) {
    full_at_.reset();
    if (is_stalled_) {
      // One, to see whether it is taken.
      budget_ = now >= try_at_ && !IsOnTheWay() && RoomNow() > 0 ? 1 : 0;
    } else {
      // The less there is, the more often it looks, since others give, too.
      const std::uint64_t room = RoomNow();
      budget_ = room == 0 ? 0 : std::max<std::uint64_t>(1, room / 16);
    }
    if (budget_ > 0) return true;
    full_at_ = now;
  }
  is_room_wanted_ = true;
  return false;
}

void HandoffOutlet::Give(Connection connection, std::string state) {
  MUSTER_CHECK(state.size() <= kMostHandoffMemoryBytes,
               "a service's state is larger than what can be handed off");
  if (budget_ > 0) --budget_;
  if (is_stalled_) try_at_ = around_.loop.now() + kTryAgain;
  has_given_ = true;
  unsent_.push_back({std::move(connection), std::move(state), {}});
  if (unsent_.size() == 1) SendAll();
  if (is_giving_) look_.SetAfter(kLookSoon);
}

std::size_t HandoffOutlet::MostStateBytes() {
  if (around_.board.AllTakeMemory()) return kMostHandoffMemoryBytes;
  is_memory_wanted_ = true;
  return kMostHandoffStateBytes;
}

bool HandoffOutlet::Send(Unsent& unsent) const {
  ipc::Message message;
  message.command = ipc::CommandNumber(Command::kAdopt);
  message.flags = unsent.connection.is_fresh ? kIsFresh : 0;
  message.pid = ::getpid();
  std::vector<int> fds = {unsent.connection.fd.get()};
  if (unsent.state.size() <= kMostHandoffStateBytes) {
    message.payload = unsent.state;
  } else {
    // A worker of an older program may have come meanwhile.
    if (!around_.board.AllTakeMemory()) return false;
    if (!unsent.memory.valid()) {
      auto sealed = ipc::SealBytes("muster-handoff", unsent.state);
      if (!sealed.ok()) return false;
      unsent.memory = *std::move(sealed);
    }
    fds.push_back(unsent.memory.get());
    message.flags |= kStateInMemory;
  }
  message.fds = fds;
  const auto outcome = channel_.TrySend(message);
  return outcome.ok() && *outcome == ipc::SendOutcome::kSent;
}

void HandoffOutlet::SendAll() {
  while (!unsent_.empty()) {
    // Full, or refused for now (SendOutcome::kTryLater), or without memory: the timer tries again,
    // and knows when it is to no avail.
    if (!Send(unsent_.front())) break;
    around_.stats.handed_off.Add();
    unsent_.pop_front();
  }
  around_.board.ShowUnsent(unsent_.size());
  if (unsent_.empty()) {
    Unwatch();
  } else {
    Watch();
  }
}

// Edge-triggered: a send may fail for other reasons than a full queue.
void HandoffOutlet::Watch() {
  if (is_watched_) return;
  const absl::Status status =
      around_.loop.Add(channel_.fd(), EPOLLOUT | std::uint32_t{EPOLLET}, &end_);
  // Without it the timer does.
  is_watched_ = status.ok();
}

void HandoffOutlet::Unwatch() {
  if (!is_watched_) return;
  around_.loop.Remove(channel_.fd(), &end_);
  is_watched_ = false;
}

void HandoffOutlet::TakeBack() {
  Unwatch();
  std::deque<Unsent> unsent = std::exchange(unsent_, {});
  around_.board.ShowUnsent(0);
  for (Unsent& each : unsent) {
    // A service may have given no more than the descriptor. What it gave stays.
    Origin& origin = each.connection.origin;
    if (origin.address.family() == AF_UNSPEC) {
      const Origin told = ReadOrigin(each.connection.fd.get());
      origin.address = told.address;
      origin.credentials = told.credentials;
    }
    callbacks_.adopt(std::move(each.connection), std::move(each.state));
  }
}

void HandoffOutlet::Look() {
  if (!unsent_.empty()) SendAll();
  if (stall_.Note(LookNow())) is_stalled_ = false;
  if (has_given_ && stall_.lasts() >= kPatience) OnStall();
  if (IsRoomForRefused()) callbacks_.room();
  look_.SetAfter(IsOnTheWay() ? kLookSoon : kLookForRoom);
}

bool HandoffOutlet::IsRoomForRefused() {
  const bool is_memory = is_memory_wanted_ && around_.board.AllTakeMemory();
  if (is_memory) is_memory_wanted_ = false;
  if (!is_room_wanted_) return is_memory;
  full_at_.reset();
  const bool is_room = HasRoom();
  if (is_room) is_room_wanted_ = false;
  return is_room || is_memory;
}

void HandoffOutlet::OnStall() {
  const bool is_news = !std::exchange(is_stalled_, true);
  budget_ = 0;
  stall_.Begin(LookNow());
  const loop::TimePoint now = around_.loop.now();
  try_at_ = now + kTryAgain;
  full_at_ = now;
  is_room_wanted_ = true;
  const std::size_t unsent = unsent_.size();
  TakeBack();
  const std::size_t back = unsent + intake_.TakeAllOnce();
  if (!is_news || back == 0) return;
  around_.log.Write(config::v1::Log::WARN,
                    absl::StrCat("handed off, but taken by nobody: ",
                                 config::Counted(back, "connection"), "; served here again"));
}

std::uint32_t HandoffOutlet::kept() const {
  if (!is_giving_) return 0;
  const std::uint64_t held = around_.connections.held();
  const std::uint64_t here = held - std::min<std::uint64_t>(held, unsent_.size());
  const std::uint64_t room = is_stalled_ ? 0 : RoomNow() / around_.board.Givers();
  return static_cast<std::uint32_t>(here - std::min(here, room));
}

bool HandoffOutlet::is_settled() const { return !has_given_ || !is_giving_ || !IsOnTheWay(); }

}  // namespace muster::worker
