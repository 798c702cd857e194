#include "muster/master/workers/first_messages.h"

#include <cstdint>
#include <utility>

#include "muster/proto/worker.pb.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::master {
namespace {

std::vector<worker::HandedZone> HandedZones(const worker::UserZones& zones) {
  std::vector<worker::HandedZone> handed;
  for (const auto& zone : zones) {
    handed.push_back({zone->name(), zone->memory_fd(), zone->bell_fd()});
  }
  return handed;
}

}  // namespace

std::vector<worker::FirstMessage> FirstMessages(const SpawnAction& action, ipc::OwnerTag tag,
                                                const Deployment& deployment,
                                                const worker::SharedZone& zone,
                                                const HandoffEnds& handoff,
                                                const std::vector<worker::v1::Log>& logs,
                                                std::uint32_t newest_protocol) {
  const std::vector<worker::HandedListener> listeners =
      deployment.listeners.ForWorker(action.index, deployment.config.worker_processes());
  std::vector<worker::FirstMessage> messages = worker::ListenerMessages(listeners);
  for (worker::FirstMessage& message : worker::ZoneMessages(HandedZones(deployment.zones))) {
    messages.push_back(std::move(message));
  }
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
