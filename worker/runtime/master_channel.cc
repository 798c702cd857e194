#include "muster/worker/runtime/master_channel.h"

#include <unistd.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"

namespace muster::worker {
namespace {

// In one round of the loop; level-triggered, so the rest comes in the next.
constexpr int kMostPerRound = 16;

// A message that was bad by itself; the next one can be good.
bool IsOnlyOneMessage(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsResourceExhausted(status);
}

}  // namespace

absl::StatusOr<std::unique_ptr<MasterChannel>> MasterChannel::Create(
    const Surroundings& surroundings, pid_t master, std::uint32_t slot, Callbacks callbacks) {
  auto channel = std::unique_ptr<MasterChannel>(
      new MasterChannel(surroundings, master, slot, std::move(callbacks)));
  const absl::Status status =
      surroundings.loop.Add(surroundings.channel.fd(), EPOLLIN, channel.get());
  if (!status.ok()) {
    channel->is_gone_ = true;
    return ipc::Annotate(status, "the channel to the master");
  }
  return channel;
}

MasterChannel::MasterChannel(const Surroundings& surroundings, pid_t master, std::uint32_t slot,
                             Callbacks callbacks)
    : around_(surroundings),
      master_(master),
      slot_(static_cast<std::int32_t>(slot)),
      callbacks_(std::move(callbacks)) {}

MasterChannel::~MasterChannel() { Leave(); }

void MasterChannel::Send(Command command, std::string payload, std::uint32_t sequence) {
  if (is_gone_) return;
  unsent_.push_back({command, sequence, std::move(payload)});
  if (unsent_.size() == 1) SendAll();
}

void MasterChannel::OnEvents(std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) SendAll();
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) ReceiveNow();
}

void MasterChannel::ReceiveNow() {
  if (is_gone_ || ReceiveAll()) return;
  Leave();
  callbacks_.gone();
}

bool MasterChannel::ReceiveAll() {
  for (int i = 0; i < kMostPerRound; ++i) {
    const auto outcome = around_.channel.TryReceive(&received_);
    if (!outcome.ok()) {
      around_.log.Write(config::v1::Log::ERROR,
                        absl::StrCat("message of the master: ", outcome.status().message()));
      if (!IsOnlyOneMessage(outcome.status())) return false;
      continue;
    }
    switch (*outcome) {
      case ipc::ReceiveOutcome::kWouldBlock:
        return true;
      case ipc::ReceiveOutcome::kPeerGone:
        return false;
      case ipc::ReceiveOutcome::kReceived:
        break;
    }
    if (received_.sender.pid == master_) {
      callbacks_.message(received_);
    } else {
      around_.log.Write(config::v1::Log::ERROR,
                        absl::StrCat("a message from process ", received_.sender.pid,
                                     " is ignored: the master is process ", master_));
    }
  }
  return true;
}

void MasterChannel::SendAll() {
  while (!unsent_.empty()) {
    const Unsent& first = unsent_.front();
    ipc::Message message;
    message.command = ipc::CommandNumber(first.command);
    message.sequence = first.sequence;
    message.slot = slot_;
    message.pid = ::getpid();
    message.payload = first.payload;
    const auto outcome = around_.channel.TrySend(message);
    if (outcome.ok() &&
        (*outcome == ipc::SendOutcome::kWouldBlock || *outcome == ipc::SendOutcome::kTryLater)) {
      break;
    }
    if (!outcome.ok()) {
      around_.log.Write(config::v1::Log::ERROR,
                        absl::StrCat("send ", CommandName(first.command),
                                     " to the master: ", outcome.status().message()));
    }
    // To a peer that is gone nothing can be said; reading finds that out.
    unsent_.pop_front();
  }
  WatchWrites(!unsent_.empty());
}

void MasterChannel::WatchWrites(bool are_watched) {
  if (are_watched == watches_writes_) return;
  const std::uint32_t events = are_watched ? EPOLLIN | EPOLLOUT : EPOLLIN;
  if (around_.loop.Modify(around_.channel.fd(), events, this).ok()) watches_writes_ = are_watched;
}

void MasterChannel::Leave() {
  if (is_gone_) return;
  is_gone_ = true;
  unsent_.clear();
  around_.loop.Remove(around_.channel.fd(), this);
}

}  // namespace muster::worker
