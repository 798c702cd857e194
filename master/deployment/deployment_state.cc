#include "muster/master/deployment/deployment_state.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/config/field_places.h"
#include "muster/config/syntax/config_format.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/memory/sealed_bytes.h"
#include "muster/master/config/config_entries.h"
#include "muster/master/config/config_hash.h"
#include "muster/master/config/config_identity.h"
#include "muster/master/decide/scaling.h"
#include "muster/master/deployment/admin_terms_state.h"
#include "muster/master/deployment/worker_launch.h"
#include "muster/master/keep/state_error.h"
#include "muster/master/listen/listener_set.h"
#include "muster/proto/field_error.h"
#include "muster/proto/field_rules.h"
#include "muster/worker/metrics/wanted_zones.h"

namespace muster::master {
namespace {

// No configuration has as many: its text would be larger still.
constexpr std::size_t kMostConfigBytes = std::size_t{64} << 20;

// More than any kernel has.
constexpr std::uint32_t kMostCpus = 1 << 16;

// ---- What tells the configuration from others ----

state::v1::ConfigIdentity SaveIdentity(const ConfigIdentity& identity) {
  state::v1::ConfigIdentity state;
  state.set_text(identity.text);
  state.set_shown_text(identity.shown_text);
  state.set_hash(identity.hash);
  state.set_source_hash(identity.source_hash);
  if (identity.entries != nullptr) {
    for (const ConfigEntry& entry : *identity.entries) {
      state::v1::ConfigEntry& saved = *state.add_entry();
      saved.set_path(entry.path);
      saved.set_value(entry.value);
      saved.set_is_secret(entry.is_secret);
    }
  }
  state.set_is_from_call(identity.is_from_call);
  return state;
}

absl::StatusOr<ConfigIdentity> RestoreIdentity(const state::v1::ConfigIdentity& state) {
  if (state.hash() != HashOf(state.text())) {
    return StateError("hash", absl::StrCat("\"", state.hash(), "\" is not that of the text"));
  }
  ConfigIdentity identity;
  identity.text = state.text();
  identity.shown_text = state.shown_text();
  identity.hash = state.hash();
  identity.source_hash = state.source_hash();
  std::vector<ConfigEntry> entries;
  for (const state::v1::ConfigEntry& entry : state.entry()) {
    entries.push_back(
        {.path = entry.path(), .value = entry.value(), .is_secret = entry.is_secret()});
  }
  identity.entries = std::make_shared<const std::vector<ConfigEntry>>(std::move(entries));
  identity.is_from_call = state.is_from_call();
  return identity;
}

// ---- Who its workers are ----

state::v1::WorkerIds SaveIds(const WorkerLaunch& launch) {
  const WorkerLaunch::Ids ids = launch.ids();
  state::v1::WorkerIds state;
  if (ids.user.has_value()) state.set_user(*ids.user);
  if (ids.group.has_value()) state.set_group(*ids.group);
  if (ids.groups.has_value()) {
    state.mutable_groups();
    for (const gid_t group : *ids.groups) state.mutable_groups()->add_group(group);
  }
  for (const std::vector<int>& cpus : ids.cpu_lists) {
    state::v1::CpuList& list = *state.add_cpu_list();
    for (const int cpu : cpus) list.add_cpu(static_cast<std::uint32_t>(cpu));
  }
  return state;
}

absl::StatusOr<WorkerLaunch::Ids> RestoreIds(const state::v1::WorkerIds& state) {
  WorkerLaunch::Ids ids;
  if (state.has_user()) ids.user = state.user();
  if (state.has_group()) ids.group = state.group();
  if (state.has_groups()) {
    ids.groups.emplace(state.groups().group().begin(), state.groups().group().end());
  }
  for (int i = 0; i < state.cpu_list_size(); ++i) {
    std::vector<int> cpus;
    for (const std::uint32_t cpu : state.cpu_list(i).cpu()) {
      if (cpu >= kMostCpus) {
        return StateError(absl::StrCat("cpu_list[", i, "].cpu"),
                          absl::StrCat(cpu, " is not a CPU"));
      }
      cpus.push_back(static_cast<int>(cpu));
    }
    if (cpus.empty()) return StateError(absl::StrCat("cpu_list[", i, "].cpu"), "is missing");
    ids.cpu_lists.push_back(std::move(cpus));
  }
  return ids;
}

// ---- What else there is ----

// The sealed one is what workers get, and must be the same.
absl::StatusOr<ipc::UniqueFd> RestoreSealed(const state::v1::Generation& state,
                                            DescriptorInheritance& descriptors) {
  constexpr char kField[] = "sealed_config_fd";
  MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd sealed,
                          descriptors.Adopt(state.sealed_config_fd(), kField));
  const absl::StatusOr<std::string> bytes = ipc::ReadSealedBytes(sealed.get(), kMostConfigBytes);
  if (!bytes.ok()) return StateError(kField, bytes.status().message());
  config::v1::Config config;
  if (!config.ParseFromString(*bytes) ||
      config.SerializeAsString() != state.config().SerializeAsString()) {
    return StateError(kField, "has another configuration than `config`");
  }
  return sealed;
}

absl::Status CheckListeners(const state::v1::Generation& state) {
  for (int i = 0; i < state.listener_size(); ++i) {
    const state::v1::ListenedAddress& listener = state.listener(i);
    const auto sockets = static_cast<std::uint32_t>(listener.socket_size());
    if (!listener.is_spread() || sockets >= state.config().worker_processes()) continue;
    return StateError(absl::StrCat("listener[", i, "].socket"),
                      absl::StrCat("there are ", sockets, " for ",
                                   state.config().worker_processes(), " workers"));
  }
  return absl::OkStatus();
}

absl::StatusOr<worker::UserZones> RestoreZonesOf(const state::v1::Generation& state,
                                                 const SharedTable<worker::UserZone>& table) {
  constexpr char kField[] = "user_zone";
  worker::UserZones zones;
  for (const std::uint32_t number : state.user_zone()) {
    MUSTER_ASSIGN_OR_RETURN(std::shared_ptr<const worker::UserZone> zone,
                            table.Find(number, kField));
    zones.push_back(std::move(zone));
  }
  const bool is_released = !state.has_sealed_config_fd();
  const std::vector<worker::WantedZone> wanted =
      is_released ? std::vector<worker::WantedZone>() : worker::WantedZones(state.config());
  if (zones.size() != wanted.size()) {
    return StateError(kField, absl::StrCat("there are ", zones.size(), " for ", wanted.size()));
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const worker::WantedZone& zone = wanted[i];
    const worker::UserZone& found = *zones[i];
    if (found.name() == zone.name && found.size_bytes() == zone.size_bytes) continue;
    return StateError(kField,
                      absl::StrCat("zone \"", found.name(), "\" of ", found.size_bytes(),
                                   " bytes is not \"", zone.name, "\" of ", zone.size_bytes));
  }
  return zones;
}

absl::StatusOr<WorkerProgram> RestoreProgram(const state::v1::Program& state,
                                             DescriptorInheritance& descriptors) {
  if (state.path().empty()) return StateError("path", "is missing");
  if (state.modified_nanoseconds() >= 1'000'000'000) {
    return StateError("modified_nanoseconds",
                      absl::StrCat(state.modified_nanoseconds(), " is a second or more"));
  }
  WorkerProgram::Pin pin = {.path = state.path(), .size_bytes = state.size_bytes()};
  pin.modified.tv_sec = state.modified_seconds();
  pin.modified.tv_nsec = state.modified_nanoseconds();
  MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd fd, descriptors.Adopt(state.fd(), "fd"));
  absl::StatusOr<WorkerProgram> program = WorkerProgram::Adopt(std::move(pin), std::move(fd));
  if (!program.ok()) return StateError("fd", program.status().message());
  return program;
}

}  // namespace

absl::Status CheckConfigOf(const state::v1::Generation& state) {
  // In a copy: what this program knows and the one that made it does not.
  config::v1::Config config = state.config();
  config::FillDefaults(&config);
  std::vector<config::FieldMistake> mistakes = config::CheckRules(config);
  if (config.worker_processes() == 0 || config.worker_processes() > kMostWorkers) {
    mistakes.push_back({"worker_processes", absl::StrCat("is not within 1..", kMostWorkers)});
  }
  if (mistakes.empty()) return absl::OkStatus();
  const config::FieldPlaces places(absl::StrCat("the configuration of generation ", state.number()),
                                   state.identity().text(), config::ConfigFormat::kText);
  return places.Explain(
      config::AtField(absl::InvalidArgumentError(mistakes[0].problem), mistakes[0].field));
}

state::v1::Generation SaveDeployment(std::uint64_t number, const Deployment& deployment,
                                     DeploymentParts& parts) {
  state::v1::Generation state;
  state.set_number(number);
  *state.mutable_config() = deployment.as_written.value_or(deployment.config);
  *state.mutable_identity() = SaveIdentity(deployment.identity);
  state.set_program(parts.programs.Add(deployment.worker));
  state.set_worker_from_flag(deployment.worker_from_flag);
  *state.mutable_ids() = SaveIds(deployment.launch);
  *state.mutable_listener() = deployment.listeners.Save(parts.sockets);
  for (const auto& zone : deployment.zones) state.add_user_zone(parts.zones.Add(zone));
  // A generation that is released has neither.
  if (deployment.sealed_config.valid()) {
    *state.mutable_admin_terms() = SaveAdminTerms(deployment.admin_terms);
    state.set_sealed_config_fd(parts.keep.Add(deployment.sealed_config.get()));
  }
  return state;
}

absl::StatusOr<Deployment> RestoreDeployment(const state::v1::Generation& state,
                                             RestoredParts& parts) {
  MUSTER_RETURN_IF_ERROR(CheckListeners(state));
  if (state.has_admin_terms() != state.has_sealed_config_fd()) {
    return StateError(state.has_admin_terms() ? "sealed_config_fd" : "admin_terms", "is missing");
  }
  Deployment deployment;
  deployment.config = state.config();
  absl::StatusOr<ConfigIdentity> identity = RestoreIdentity(state.identity());
  if (!identity.ok()) return InStateField("identity", identity.status());
  deployment.identity = *std::move(identity);
  MUSTER_ASSIGN_OR_RETURN(deployment.worker, parts.programs.Find(state.program(), "program"));
  deployment.worker_from_flag = state.worker_from_flag();
  absl::StatusOr<WorkerLaunch::Ids> ids = RestoreIds(state.ids());
  if (!ids.ok()) return InStateField("ids", ids.status());
  deployment.launch = WorkerLaunch::With(state.config(), *std::move(ids));
  MUSTER_ASSIGN_OR_RETURN(deployment.listeners,
                          ListenerSet::Restore(state.listener(), parts.sockets, state.config()));
  MUSTER_ASSIGN_OR_RETURN(deployment.zones, RestoreZonesOf(state, parts.zones));
  if (!state.has_sealed_config_fd()) return deployment;
  absl::StatusOr<AdminTerms> terms = RestoreAdminTerms(state.admin_terms());
  if (!terms.ok()) return InStateField("admin_terms", terms.status());
  deployment.admin_terms = *std::move(terms);
  MUSTER_ASSIGN_OR_RETURN(deployment.sealed_config, RestoreSealed(state, parts.descriptors));
  return deployment;
}

google::protobuf::RepeatedPtrField<state::v1::Program> SavePrograms(
    const SharedTable<WorkerProgram>& programs, DescriptorKeep& keep) {
  google::protobuf::RepeatedPtrField<state::v1::Program> states;
  for (const std::shared_ptr<const WorkerProgram>& program : programs.entries()) {
    const WorkerProgram::Pin& pin = program->pin();
    state::v1::Program& state = *states.Add();
    state.set_path(pin.path);
    state.set_fd(keep.Add(program->fd()));
    state.set_modified_seconds(pin.modified.tv_sec);
    state.set_modified_nanoseconds(static_cast<std::uint32_t>(pin.modified.tv_nsec));
    state.set_size_bytes(pin.size_bytes);
  }
  return states;
}

absl::StatusOr<SharedTable<WorkerProgram>> RestorePrograms(
    const google::protobuf::RepeatedPtrField<state::v1::Program>& states,
    DescriptorInheritance& descriptors) {
  std::vector<std::shared_ptr<const WorkerProgram>> programs;
  for (int i = 0; i < states.size(); ++i) {
    absl::StatusOr<WorkerProgram> program = RestoreProgram(states[i], descriptors);
    if (!program.ok()) return InStateField(absl::StrCat("program[", i, "]"), program.status());
    programs.push_back(std::make_shared<const WorkerProgram>(*std::move(program)));
  }
  return SharedTable<WorkerProgram>(std::move(programs));
}

}  // namespace muster::master
