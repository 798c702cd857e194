#ifndef MUSTER_WORKER_PROTOCOL_HANDOVER_H_
#define MUSTER_WORKER_PROTOCOL_HANDOVER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "muster/worker/protocol/command.h"

namespace muster::worker {

// A message of those that a new worker is sent before HELLO, and HELLO itself.
struct FirstMessage {
  Command command{};
  std::string payload;
  std::vector<int> fds;  // their owners keep them
};

// A listener to hand over.
struct HandedListener {
  std::string address;      // as it is really bound
  int fd = -1;              // its owner keeps it
  std::uint32_t place = 0;  // one more than its place among the `listen` of the configuration
};

// A user zone to hand over. Its owner keeps the descriptors.
struct HandedZone {
  std::string name;
  int memory_fd = -1;
  int bell_fd = -1;
};

// As many messages as their descriptors need, in their order. worker/runtime/inheritance.h receives
// them; docs/PROTOCOL.md says what is in them.
std::vector<FirstMessage> ListenerMessages(const std::vector<HandedListener>& listeners);
std::vector<FirstMessage> ZoneMessages(const std::vector<HandedZone>& zones);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_PROTOCOL_HANDOVER_H_
