#include "muster/master/process/worker_message.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/log/printable.h"
#include "muster/proto/field_error.h"
#include "muster/proto/worker.pb.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {
namespace {

using worker::Command;

std::string Text(absl::string_view foreign) {
  // Escaping makes it longer, never shorter.
  std::string text = log::Printable(foreign.substr(0, kMostWorkerTextBytes));
  log::CutLine(text, kMostWorkerTextBytes);
  return text;
}

FailedEvent ReadFailed(std::uint32_t slot, const std::string& payload) {
  worker::v1::Failed failed;
  // Of a payload that is not entirely right, what could be read is better than nothing.
  (void)failed.ParseFromString(payload);
  const std::string reason = Text(failed.reason());
  absl::Status status =
      absl::AbortedError(reason.empty() ? "it did not say why in a way that can be read" : reason);
  if (!failed.field().empty()) status = config::AtField(status, Text(failed.field()));
  return FailedEvent{slot, std::move(status), std::max(failed.protocol(), 1u)};
}

Event ReadReady(std::uint32_t slot, const std::string& payload) {
  worker::v1::Ready ready;
  (void)ready.ParseFromString(payload);
  // The first version did not tell itself.
  const std::uint32_t protocol = ready.protocol() == 0 ? 1 : ready.protocol();
  if (protocol >= worker::kOldestProtocolVersion && protocol <= worker::kProtocolVersion) {
    return ReadyEvent{slot, protocol};
  }
  return FailedEvent{
      slot, absl::AbortedError(absl::StrCat("READY: it speaks version ", protocol,
                                            " of the protocol, which the master does not"))};
}

}  // namespace

std::optional<Event> ReadWorkerMessage(std::uint32_t slot, const ipc::ReceivedMessage& message) {
  switch (message.command_as<Command>()) {
    case Command::kReady:
      return ReadReady(slot, message.payload);
    case Command::kFailed:
      return ReadFailed(slot, message.payload);
    case Command::kAck: {
      worker::v1::Ack ack;
      const bool is_whole = ack.ParseFromString(message.payload);
      std::string error = Text(ack.error());
      if (!is_whole && error.empty()) error = "its answer cannot be read";
      return AckedEvent{slot, ack.sequence(), std::move(error), ack.held(), ack.kept()};
    }
    default:
      return std::nullopt;
  }
}

}  // namespace muster::master
