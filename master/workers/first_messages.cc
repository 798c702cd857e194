#include "muster/master/workers/first_messages.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "muster/ipc/channel/channel_format.h"
#include "muster/master/listen/listener_set.h"
#include "muster/proto/worker.pb.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::master {
namespace {

// Each has two descriptors.
constexpr std::size_t kZonesPerMessage = ipc::kMaxChannelFds / 2;

void AddListeners(const std::vector<ListenerSet::Entry>& listeners,
                  std::vector<FirstMessage>& messages) {
  for (std::size_t begin = 0; begin < listeners.size(); begin += ipc::kMaxChannelFds) {
    worker::v1::Listeners message;
    std::vector<int> fds;
    for (std::size_t i = begin; i < std::min(begin + ipc::kMaxChannelFds, listeners.size()); ++i) {
      worker::v1::Listener& listener = *message.add_listener();
      listener.set_address(listeners[i].address);
      listener.set_place(static_cast<std::uint32_t>(listeners[i].place));
      fds.push_back(listeners[i].fd);
    }
    messages.push_back({worker::Command::kListeners, message.SerializeAsString(), std::move(fds)});
  }
}

void AddZones(const worker::UserZones& zones, std::vector<FirstMessage>& messages) {
  for (std::size_t begin = 0; begin < zones.size(); begin += kZonesPerMessage) {
    worker::v1::Zones message;
    std::vector<int> fds;
    for (std::size_t i = begin; i < std::min(begin + kZonesPerMessage, zones.size()); ++i) {
      message.add_zone()->set_name(zones[i]->name());
      fds.push_back(zones[i]->memory_fd());
      fds.push_back(zones[i]->bell_fd());
    }
    messages.push_back({worker::Command::kZones, message.SerializeAsString(), std::move(fds)});
  }
}

}  // namespace

std::vector<FirstMessage> FirstMessages(const SpawnAction& action, ipc::OwnerTag tag,
                                        const Deployment& deployment,
                                        const worker::SharedZone& zone, const HandoffEnds& handoff,
                                        const std::vector<worker::v1::Log>& logs,
                                        std::uint32_t newest_protocol) {
  std::vector<FirstMessage> messages;
  const std::vector<ListenerSet::Entry> listeners =
      deployment.listeners.ForWorker(action.index, deployment.config.worker_processes());
  AddListeners(listeners, messages);
  AddZones(deployment.zones, messages);
  worker::v1::Hello hello;
  hello.set_version(worker::kOldestProtocolVersion);
  hello.set_newest_version(newest_protocol);
  hello.set_owner_tag(tag.bits());
  hello.set_slot(action.slot);
  hello.set_index(action.index);
  hello.set_generation(action.generation);
  hello.set_listeners(static_cast<std::uint32_t>(listeners.size()));
  hello.set_zones(static_cast<std::uint32_t>(deployment.zones.size()));
  for (const worker::v1::Log& log : logs) *hello.add_log() = log;
  messages.push_back(
      {worker::Command::kHello,
       hello.SerializeAsString(),
       {zone.fd(), deployment.sealed_config.get(), handoff.take_fd(), handoff.give_fd()}});
  return messages;
}

}  // namespace muster::master
