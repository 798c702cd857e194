// What a worker does at the commands of its master, which come as messages of the channel and as
// signals.

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/worker/protocol/command.h"
#include "muster/worker/runtime/worker_process.h"

namespace muster::worker {

// A worker that was stopped for a while may find DRAIN in its channel beside new connections and
// requests, which it must not answer any more. The master writes the generation when it sends
// DRAIN, and before it answers the reload.
bool WorkerProcess::IsSuperseded() const {
  return is_serving_ && !is_draining() &&
         zone_.master_status().generation.value() > static_cast<std::int64_t>(hello_.generation());
}

void WorkerProcess::OnMessage(const ipc::ReceivedMessage& message) {
  const Command command = CommandIn(protocol_, message.command);
  if (command == Command::kAck) return;
  absl::Status status;
  if (command == Command::kReopen && !message.payload.empty()) status = logs_->Take(message);
  if (status.ok()) status = Obey(command);
  const bool wants_ack = command == Command::kReopen || (message.flags & kWantsAck) != 0;
  if (status.ok() && !wants_ack) return;
  if (command == Command::kDrain || command == Command::kQuit) {
    unacknowledged_.push_back(message.sequence);
  } else if (absl::IsUnimplemented(status)) {
    Acknowledge(message.sequence,
                absl::StrCat("command ", message.command, " (", CommandName(command),
                             ") is not for a worker that is ready"));
  } else {
    Acknowledge(message.sequence, std::string(status.message()));
  }
}

void WorkerProcess::OnSignal(Command command) {
  // The signal for DRAIN is that for QUIT.
  if (command == Command::kQuit && IsSuperseded()) command = Command::kDrain;
  // It has no descriptors. The message for which it stands does, and comes when this worker has
  // read what is before it.
  if (command == Command::kReopen && !logs_->inherited().empty()) return;
  const absl::Status status = Obey(command);
  if (!status.ok()) log_.Write(config::v1::Log::ERROR, std::string(status.message()));
}

void WorkerProcess::AcknowledgeDrains() {
  // What is on its way to others may come back, and be kept after all.
  if (unacknowledged_.empty() || !(handoff_->is_settled() || drain_->is_done())) return;
  for (const std::uint32_t sequence : std::exchange(unacknowledged_, {})) Acknowledge(sequence, "");
}

void WorkerProcess::Acknowledge(std::uint32_t sequence, const std::string& error) {
  v1::Ack ack;
  ack.set_sequence(sequence);
  ack.set_error(error);
  if (is_draining()) {
    ack.set_held(connections_.held());
    ack.set_kept(std::min(handoff_->kept(), connections_.held()));
  }
  master_->Send(Command::kAck, ack.SerializeAsString(), sequence);
}

absl::Status WorkerProcess::Obey(Command command) {
  switch (command) {
    case Command::kServe:
      return Serve();
    case Command::kDrain:
      BeginDrain(Service::Idle::kHandOff);
      return absl::OkStatus();
    case Command::kQuit:
      BeginDrain(Service::Idle::kClose);
      return absl::OkStatus();
    case Command::kTerminate:
      is_terminated_ = true;
      return absl::OkStatus();
    case Command::kReopen:
      return Reopen();
    case Command::kListeners:
    case Command::kZones:
    case Command::kHello:
    case Command::kReady:
    case Command::kFailed:
    case Command::kAck:
    case Command::kAdopt:
      break;
  }
  return absl::UnimplementedError("no command for a worker that is ready");
}

void WorkerProcess::BeginDrain(Service::Idle idle) {
  if (is_serving_) {
    drain_->Begin(idle);
  } else {
    is_terminated_ = true;  // it has nothing to finish
  }
}

absl::Status WorkerProcess::Reopen() {
  const absl::Status log = ipc::Annotate(log_.Reopen(), "log.path");
  const absl::Status service = service_->Reopen();
  if (log.ok()) return service;
  if (service.ok()) return log;
  return absl::Status(log.code(), absl::StrCat(log.message(), "; ", service.message()));
}

}  // namespace muster::worker
