#ifndef MUSTER_MASTER_PROCESS_WORKER_MESSAGE_H_
#define MUSTER_MASTER_PROCESS_WORKER_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "muster/ipc/channel/channel.h"
#include "muster/master/decide/supervisor_event.h"

namespace muster::master {

// A text of a worker is cut to so many bytes.
inline constexpr std::size_t kMostWorkerTextBytes = 1024;

// What the worker in `slot` says with a message: a ReadyEvent, FailedEvent or AckedEvent. None: it
// says nothing that this version understands; a newer worker may say more.
//
// The message is not trusted. A text in the event is one line of valid UTF-8 without control
// characters, so it can be logged, and put into a message of the admin service.
std::optional<Event> ReadWorkerMessage(std::uint32_t slot, const ipc::ReceivedMessage& message);

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_WORKER_MESSAGE_H_
