#include <poll.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include "muster/ipc/base/check.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"
#include "muster/ipc/testing/kill_sweep.h"
#include "muster/ipc/testing/scenarios.h"
#include "muster/ipc/testing/section.h"
#include "muster/ipc/testing/value.h"

namespace muster::ipc::testing {
namespace {

constexpr char kPayload[] = "whole or absent";

// A pipe whose write end is sent: the read end sees when no copy is left anywhere.
class Passenger {
 public:
  Passenger() {
    int ends[2];
    MUSTER_CHECK(::pipe(ends) == 0, "pipe");
    read_end_.reset(ends[0]);
    write_end_.reset(ends[1]);
  }

  int fd() const { return write_end_.get(); }
  void Close() { write_end_.reset(); }
  bool is_gone_everywhere() const {
    pollfd poll = {read_end_.get(), POLLIN, 0};
    return ::poll(&poll, 1, 0) == 1 && (poll.revents & POLLHUP) != 0;
  }

 private:
  UniqueFd read_end_;
  UniqueFd write_end_;
};

Message Letter(const int* fd) {
  Message message;
  message.command = 7;
  message.sequence = 42;
  message.payload = kPayload;
  message.fds = absl::Span<const int>(fd, 1);
  return message;
}

void CheckWhole(Trial& trial, const ReceivedMessage& message) {
  if (message.command != 7 || message.sequence != 42 || message.payload != kPayload ||
      message.fds.size() != 1 || !message.fds[0].valid()) {
    trial.Fault("half a message came");
  }
}

void Sender(Trial& trial) {
  Passenger passenger;
  std::optional<Channel::Pair> ends = Value(Channel::CreatePair());
  Victim& victim = trial.StartVictim([&](Part&) {
    const int fd = passenger.fd();
    SectionMark();
    (void)ends->first.Send(Letter(&fd)).ok();
    SectionMark();
  });
  passenger.Close();
  const Channel receiver = std::move(ends->second);
  ends.reset();
  trial.Step(victim);
  victim.Kill();
  ReceivedMessage message;
  absl::StatusOr<ReceiveOutcome> outcome = receiver.TryReceive(&message);
  if (outcome.ok() && *outcome == ReceiveOutcome::kReceived) {
    CheckWhole(trial, message);
    message = ReceivedMessage();
    outcome = receiver.TryReceive(&message);
  }
  if (!outcome.ok()) return trial.Fault("garbage came: " + outcome.status().ToString());
  // A receiver that blocks would block for ever.
  if (*outcome != ReceiveOutcome::kPeerGone) trial.Fault("the end is not seen");
  if (!passenger.is_gone_everywhere()) trial.Leak("a descriptor is left");
}

void Receiver(Trial& trial) {
  Passenger passenger;
  std::optional<Channel::Pair> ends = Value(Channel::CreatePair());
  const int fd = passenger.fd();
  Victim& victim = trial.StartVictim([&](Part& part) {
    passenger.Close();
    { const Channel other_end = std::move(ends->second); }
    ReceivedMessage message;
    message.payload.reserve(sizeof kPayload);
    SectionMark();
    const auto outcome = ends->first.Receive(&message);
    SectionMark();
    if (!outcome.ok()) part.Fault("the message did not come");
  });
  const Channel sender = std::move(ends->second);
  ends.reset();
  const auto sent = sender.TrySend(Letter(&fd));
  if (!sent.ok() || *sent != SendOutcome::kSent) trial.Fault("the message was not sent");
  passenger.Close();
  trial.Step(victim);
  victim.Kill();
  if (!passenger.is_gone_everywhere()) trial.Leak("a descriptor is left");
  Message farewell;
  const auto outcome = sender.TrySend(farewell);
  if (!outcome.ok() || *outcome != SendOutcome::kPeerGone) trial.Fault("the end is not seen");
}

}  // namespace

std::vector<Scenario> ChannelScenarios() {
  return {
      {.primitive = "channel", .role = "sender of a descriptor", .play = Sender},
      {.primitive = "channel", .role = "receiver of a descriptor", .play = Receiver},
  };
}

}  // namespace muster::ipc::testing
