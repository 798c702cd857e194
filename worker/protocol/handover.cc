#include "muster/worker/protocol/handover.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "muster/ipc/channel/channel_format.h"
#include "muster/proto/worker.pb.h"

namespace muster::worker {
namespace {

// Each has two descriptors.
constexpr std::size_t kZonesPerMessage = ipc::kMaxChannelFds / 2;

}  // namespace

std::vector<FirstMessage> ListenerMessages(const std::vector<HandedListener>& listeners) {
  std::vector<FirstMessage> messages;
  for (std::size_t begin = 0; begin < listeners.size(); begin += ipc::kMaxChannelFds) {
    v1::Listeners payload;
    std::vector<int> fds;
    for (std::size_t i = begin; i < std::min(begin + ipc::kMaxChannelFds, listeners.size()); ++i) {
      v1::Listener& listener = *payload.add_listener();
      listener.set_address(listeners[i].address);
      listener.set_place(listeners[i].place);
      fds.push_back(listeners[i].fd);
    }
    messages.push_back({Command::kListeners, payload.SerializeAsString(), std::move(fds)});
  }
  return messages;
}

std::vector<FirstMessage> ZoneMessages(const std::vector<HandedZone>& zones) {
  std::vector<FirstMessage> messages;
  for (std::size_t begin = 0; begin < zones.size(); begin += kZonesPerMessage) {
    v1::Zones payload;
    std::vector<int> fds;
    for (std::size_t i = begin; i < std::min(begin + kZonesPerMessage, zones.size()); ++i) {
      payload.add_zone()->set_name(zones[i].name);
      fds.push_back(zones[i].memory_fd);
      fds.push_back(zones[i].bell_fd);
    }
    messages.push_back({Command::kZones, payload.SerializeAsString(), std::move(fds)});
  }
  return messages;
}

}  // namespace muster::worker
