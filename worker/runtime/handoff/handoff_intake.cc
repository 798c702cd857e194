#include "muster/worker/runtime/handoff/handoff_intake.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/memory/sealed_bytes.h"
#include "muster/proto/counted.h"
#include "muster/worker/origin/origin.h"
#include "muster/worker/origin/peer_address.h"
#include "muster/worker/protocol/command.h"

namespace muster::worker {
namespace {

// Between two looks of a worker that was held back: the first, and the last.
constexpr std::chrono::milliseconds kFirstDelay(1);
constexpr std::chrono::milliseconds kLastDelay(32);
// Descriptors come back slowly.
constexpr std::chrono::milliseconds kDescriptorDelay(100);
constexpr std::chrono::seconds kMeasureDelay(1);

// Whether it was a connection that has ended with an error, of which nobody was told yet: its
// client has reset it, or the kernel has given it up.
bool HasBroken(int socket) {
  int error = 0;
  socklen_t size = sizeof(error);
  return ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error != 0;
}

// Moves the connection and its state out of a message. Cancelled: it broke on its way, for which
// nobody here is to blame.
absl::Status Unpack(ipc::ReceivedMessage& message, bool takes_from_others, Connection* connection,
                    std::string* state) {
  if (message.command_as<Command>() != Command::kAdopt) {
    return absl::InvalidArgumentError(
        absl::StrCat("command ", message.command, ", expected ADOPT"));
  }
  // The master, which may be another user, gives what it has accepted itself.
  if (message.sender.uid != ::geteuid() && message.sender.pid != ::getppid() &&
      !takes_from_others) {
    return absl::PermissionDeniedError(absl::StrCat("ADOPT: from user ", message.sender.uid));
  }
  const bool is_in_memory = (message.flags & kStateInMemory) != 0;
  const std::size_t expected = is_in_memory ? 2 : 1;
  if (message.fds.size() != expected) {
    return absl::InvalidArgumentError(absl::StrCat(
        "ADOPT: ", config::Counted(message.fds.size(), "descriptor"), ", expected ", expected));
  }
  connection->is_fresh = (message.flags & kIsFresh) != 0;
  connection->fd = std::move(message.fds[0]);
  connection->origin = ReadOrigin(connection->fd.get());
  if (connection->origin.address.family() == AF_UNSPEC) {
    if (HasBroken(connection->fd.get())) return absl::CancelledError();
    return absl::InvalidArgumentError("ADOPT: its descriptor is no connected socket");
  }
  if (!is_in_memory) {
    *state = message.payload;
    return absl::OkStatus();
  }
  auto read = ipc::ReadSealedBytes(message.fds[1].get(), kMostHandoffMemoryBytes);
  if (!read.ok()) return ipc::Annotate(read.status(), "ADOPT: its state");
  *state = *std::move(read);
  return absl::OkStatus();
}

}  // namespace

HandoffIntake::HandoffIntake(const Surroundings& surroundings, ipc::Channel end, Adopt adopt,
                             std::function<std::uint32_t()> measure_capacity)
    : around_(surroundings),
      channel_(std::move(end)),
      adopt_(std::move(adopt)),
      measure_capacity_(std::move(measure_capacity)),
      end_(*this),
      again_(surroundings.loop, [this] { Take(); }),
      measure_again_(surroundings.loop, [this] { ShowCapacity(); }) {
  ShowCapacity();
}

HandoffIntake::~HandoffIntake() { Stop(); }

void HandoffIntake::ShowCapacity() { around_.board.ShowCapacity(measure_capacity_()); }

absl::Status HandoffIntake::StartSharing() {
  if (mode_ != Mode::kStopped) return absl::OkStatus();
  MUSTER_RETURN_IF_ERROR(Watch());
  mode_ = Mode::kSharing;
  return absl::OkStatus();
}

void HandoffIntake::StartTakingAll() {
  mode_ = Mode::kTakingAll;
  TakeAllOnce();
  if (!Watch().ok()) HoldBack(kLastDelay);
}

void HandoffIntake::Stop() {
  mode_ = Mode::kStopped;
  again_.Cancel();
  Unwatch();
}

absl::Status HandoffIntake::Watch() {
  delay_ = {};
  again_.Cancel();
  patience_.Reset();
  if (is_watched_) return absl::OkStatus();
  MUSTER_RETURN_IF_ERROR(around_.loop.Add(channel_.fd(), EPOLLIN, &end_));
  is_watched_ = true;
  return absl::OkStatus();
}

void HandoffIntake::Unwatch() {
  if (!is_watched_) return;
  around_.loop.Remove(channel_.fd(), &end_);
  is_watched_ = false;
}

void HandoffIntake::HoldBack(loop::Clock::duration delay) {
  Unwatch();
  again_.SetAfter(delay);
}

std::size_t HandoffIntake::queued_bytes() const {
  int bytes = 0;
  return ::ioctl(channel_.fd(), SIOCINQ, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

std::uint64_t HandoffIntake::Share() {
  if (mode_ == Mode::kTakingAll) return std::numeric_limits<std::uint64_t>::max();
  if (!around_.board.is_of_serving_generation()) return 0;
  const HandoffTaker own = around_.board.Own();
  std::vector<HandoffTaker> others = around_.board.OtherTakers();
  const std::uint64_t share = ShareOf(own, others);
  if (share > 0) return share;
  patience_.RemoveTheSlow(own, around_.loop.now(), &others);
  return ShareOf(own, others);
}

void HandoffIntake::Take() {
  if (mode_ == Mode::kStopped) return;
  const std::uint64_t share = Share();
  const std::uint64_t most = std::min(share, kMostPerRound);
  for (std::uint64_t taken = 0; taken < most; ++taken) {
    switch (TakeOne()) {
      case Outcome::kTaken:
        delay_ = {};
        break;
      case Outcome::kNothing:
        if (!Watch().ok()) HoldBack(kLastDelay);
        return;
      case Outcome::kNoDescriptor:
        around_.board.ShowCapacity(around_.connections.held());
        measure_again_.SetAfter(kMeasureDelay);
        return HoldBack(kDescriptorDelay);
    }
    // What it is may have ended this, as a QUIT does.
    if (mode_ == Mode::kStopped) return;
  }
  // The rest of the share is for the next round. After the share it is the turn of others.
  if (share > kMostPerRound || queued_bytes() == 0) {
    if (!Watch().ok()) HoldBack(kLastDelay);
    return;
  }
  delay_ = std::clamp<loop::Clock::duration>(2 * delay_, kFirstDelay, kLastDelay);
  HoldBack(delay_);
}

std::size_t HandoffIntake::TakeAllOnce() {
  std::size_t taken = 0;
  while (TakeOne() == Outcome::kTaken) ++taken;
  return taken;
}

HandoffIntake::Outcome HandoffIntake::TakeOne() {
  // A connection that is received without descriptors for it, and for its state, is lost.
  ipc::UniqueFd place(::fcntl(channel_.fd(), F_DUPFD_CLOEXEC, 0));
  ipc::UniqueFd second_place(::fcntl(channel_.fd(), F_DUPFD_CLOEXEC, 0));
  if (!place.valid() || !second_place.valid()) return Outcome::kNoDescriptor;
  place.reset();
  second_place.reset();
  const auto outcome = channel_.TryReceive(&received_);
  if (outcome.ok() && *outcome != ipc::ReceiveOutcome::kReceived) return Outcome::kNothing;
  Connection connection;
  std::string state;
  absl::Status status = outcome.status();
  const bool is_only_this_message =
      outcome.ok() || absl::IsInvalidArgument(status) || absl::IsResourceExhausted(status);
  if (status.ok()) status = Unpack(received_, around_.takes_from_other_users, &connection, &state);
  received_.fds.clear();
  if (absl::IsCancelled(status)) {
    // It was taken, as far as others count. Clients decide how many there are, so no line says it.
    around_.stats.adopted.Add();
    return Outcome::kTaken;
  }
  if (!status.ok()) {
    around_.log.Write(config::v1::Log::ERROR, absl::StrCat("handoff: ", status.message()));
    return is_only_this_message ? Outcome::kTaken : Outcome::kNothing;
  }
  connection.lease = around_.connections.Take();
  around_.stats.adopted.Add();
  adopt_(std::move(connection), std::move(state));
  return Outcome::kTaken;
}

}  // namespace muster::worker
