// For libFuzzer: a byte, then a message. If the byte is even, a state::v1::DeploymentState; else a
// state::v1::SharedZoneState. Whatever a saved state says, restoring it makes an object, which is
// saved as the same state again and again, or refuses it with a reason; and it changes nothing.
//
// The descriptors of the input are places in a list of real ones. What the kernel chose for these
// cannot be in a corpus: an address "" is that of the socket, an inode or an instance 0 that of the
// file or zone, an empty hash that of the text, an ABI hash 0 that of this program. The sealed
// configuration is made of `config`.

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "google/protobuf/stubs/logging.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/memory/sealed_bytes.h"
#include "muster/listen/address.h"
#include "muster/loop/event_loop.h"
#include "muster/master/config/config_hash.h"
#include "muster/master/deployment/deployments.h"
#include "muster/master/deployment/zone_state.h"
#include "muster/master/keep/descriptor_inheritance.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/master/keep/shared_table.h"
#include "muster/master/listen/listener.h"
#include "muster/master/process/worker_program.h"
#include "muster/proto/state/deployment_state.pb.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/user_zone.h"
#include "muster/worker/zone/zone_layout.h"

namespace muster::master {
namespace {

Listener Listening(const std::string& address) {
  Listener listener = *Listener::Bind(*listen::Address::Parse(address));
  MUSTER_CHECK(listener.Listen(8).ok(), "it listens");
  return listener;
}

// What a master might have.
struct Machine {
  Machine() {
    char folder[] = "/tmp/muster-fuzz-XXXXXX";
    MUSTER_CHECK(::mkdtemp(folder) != nullptr, "there is a folder");
    path = std::string(folder) + "/socket";
    unix_socket = std::make_unique<Listener>(Listening("unix:" + path));
    MUSTER_CHECK(zone.Reserve().ok() && zone.Reserve().ok(), "there is room");
  }
  ~Machine() {
    unix_socket.reset();
    ::rmdir(path.substr(0, path.rfind('/')).c_str());
  }

  // In the order of the numbers in the corpus.
  std::array<int, 9> descriptors() const {
    return {first.fd(),
            second.fd(),
            unix_socket->fd(),
            user_zone.memory_fd(),
            user_zone.bell_fd(),
            program.fd(),
            zone.fd(),
            sealed_config.get(),
            9999};
  }

  std::string path;
  Listener first = Listening("127.0.0.1:0");
  Listener second = Listening("127.0.0.2:0");
  std::unique_ptr<Listener> unix_socket;
  worker::UserZone user_zone = *worker::UserZone::Create("z", 4096);
  WorkerProgram program = *WorkerProgram::Open("/bin/sh");
  worker::SharedZone zone = *worker::SharedZone::Create(4);
  ipc::UniqueFd sealed_config;
  std::unique_ptr<loop::EventLoop> loop = *loop::EventLoop::Create();
};

int DescriptorAt(const Machine& machine, int place) {
  const auto all = machine.descriptors();
  return place >= 0 && static_cast<std::size_t>(place) < all.size()
             ? all[static_cast<std::size_t>(place)]
             : place;
}

std::set<int> Passed(const Machine& machine) {
  std::set<int> numbers;
  for (const int fd : machine.descriptors()) {
    if (fd >= 0 && fd != 9999) numbers.insert(fd);
  }
  return numbers;
}

void FillIn(Machine& machine, state::v1::DeploymentState& state) {
  for (auto& socket : *state.mutable_socket()) {
    socket.set_fd(DescriptorAt(machine, socket.fd()));
    for (const Listener* listener : {&machine.first, &machine.second, machine.unix_socket.get()}) {
      if (socket.fd() != listener->fd() || !socket.address().empty()) continue;
      socket.set_address(listener->address().ToString());
    }
    if (socket.has_file() && socket.file().inode() == 0) {
      struct stat file = {};
      ::lstat(machine.path.c_str(), &file);
      socket.mutable_file()->set_device(file.st_dev);
      socket.mutable_file()->set_inode(file.st_ino);
    }
  }
  for (auto& zone : *state.mutable_user_zone()) {
    zone.set_memory_fd(DescriptorAt(machine, zone.memory_fd()));
    zone.set_bell_fd(DescriptorAt(machine, zone.bell_fd()));
    if (zone.instance_id() == 0) zone.set_instance_id(machine.user_zone.instance_id());
  }
  for (auto& program : *state.mutable_program()) {
    program.set_fd(DescriptorAt(machine, program.fd()));
  }
  for (auto& generation : *state.mutable_generation()) {
    auto& identity = *generation.mutable_identity();
    if (identity.hash().empty()) identity.set_hash(HashOf(identity.text()));
    if (!generation.has_sealed_config_fd()) continue;
    machine.sealed_config =
        *ipc::SealBytes("muster-config", generation.config().SerializeAsString());
    generation.set_sealed_config_fd(DescriptorAt(machine, generation.sealed_config_fd()));
  }
}

void CheckReason(const absl::Status& status) {
  MUSTER_CHECK(!status.ok() && !status.message().empty(), "a refusal has a reason");
}

struct Saved {
  state::v1::DeploymentState state;
  std::set<int> descriptors;
};

Saved Save(const Deployments& deployments) {
  DescriptorKeep keep;
  SharedTable<worker::UserZone> zones;
  auto state = deployments.Save(keep, zones);
  MUSTER_CHECK(state.ok(), "what is restored can be saved");
  *state->mutable_user_zone() = SaveUserZones(zones, keep);
  return {*std::move(state), keep.numbers()};
}

absl::StatusOr<std::unique_ptr<Deployments>> Restore(Machine& machine, const Saved& saved) {
  DescriptorInheritance descriptors(saved.descriptors);
  const auto zones = RestoreUserZones(saved.state.user_zone(), descriptors);
  if (!zones.ok()) return zones.status();
  return Deployments::Restore(*machine.loop, saved.state, descriptors, *zones,
                              [](LoadId, const absl::Status&) {});
}

void ClearDescriptors(state::v1::DeploymentState& state) {
  for (auto& socket : *state.mutable_socket()) socket.clear_fd();
  for (auto& program : *state.mutable_program()) program.clear_fd();
  for (auto& generation : *state.mutable_generation()) {
    if (generation.has_sealed_config_fd()) generation.set_sealed_config_fd(0);
  }
  for (auto& zone : *state.mutable_user_zone()) {
    zone.clear_memory_fd();
    zone.clear_bell_fd();
  }
}

void TryDeployments(Machine& machine, absl::string_view bytes) {
  Saved given;
  if (!given.state.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  FillIn(machine, given.state);
  given.descriptors = Passed(machine);
  const auto restored = Restore(machine, given);
  if (!restored.ok()) return CheckReason(restored.status());
  Saved first = Save(**restored);
  const auto again = Restore(machine, first);
  MUSTER_CHECK(again.ok(), "what was saved can be restored");
  Saved second = Save(**again);
  ClearDescriptors(first.state);
  ClearDescriptors(second.state);
  MUSTER_CHECK(first.state.SerializeAsString() == second.state.SerializeAsString(),
               "what was restored is saved as it was");
}

void TryZone(Machine& machine, absl::string_view bytes) {
  state::v1::SharedZoneState state;
  if (!state.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  state.set_fd(DescriptorAt(machine, state.fd()));
  if (state.instance_id() == 0) state.set_instance_id(machine.zone.instance_id());
  if (state.abi_hash() == 0) state.set_abi_hash(worker::kZoneShape.layout.abi_hash);
  DescriptorInheritance descriptors(Passed(machine));
  const auto zone = RestoreSharedZone(state, descriptors);
  if (!zone.ok()) return CheckReason(zone.status());
  const auto lines = zone->slot_table().lines();
  MUSTER_CHECK(lines.size() == static_cast<std::size_t>(state.slot_size()),
               "each slot has its record");
  // Nobody has the one that is free.
  if (const auto tag = zone->slot_table().ReserveLowest(); tag.ok() && tag->slot() < lines.size()) {
    MUSTER_CHECK(lines[tag->slot()].state == ipc::ParticipantState::kFree, "it was free");
  }
}

}  // namespace
}  // namespace muster::master

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace muster;
  // It reports texts that are no UTF-8.
  const google::protobuf::LogSilencer silencer;
  static master::Machine machine;
  if (size == 0) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    master::TryDeployments(machine, bytes);
  } else {
    master::TryZone(machine, bytes);
  }
  MUSTER_CHECK(machine.unix_socket->file().IsThere(), "who only tries leaves the files");
  return 0;
}
