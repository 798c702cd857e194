#include "muster/worker/standalone/standalone_master.h"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/memory/sealed_bytes.h"
#include "muster/ipc/process/signal_name.h"
#include "muster/proto/field_error.h"
#include "muster/worker/metrics/wanted_zones.h"

namespace muster::worker {
namespace {

using config::v1::Config;

// There is one of each.
constexpr std::uint32_t kSlot = 0;
constexpr std::uint64_t kGeneration = 1;

absl::Status EnterEnvironment(const Config& config) {
  for (int i = 0; i < config.environment_size(); ++i) {
    const config::v1::EnvironmentVariable& variable = config.environment(i);
    if (::setenv(variable.name().c_str(), variable.value().c_str(), 1) == 0) continue;
    return config::AtField(ipc::ErrnoStatus(absl::StrCat("setenv ", variable.name())),
                           absl::StrCat("environment[", i, "]"));
  }
  const std::string& folder = config.working_directory();
  if (folder.empty() || ::chdir(folder.c_str()) == 0) return absl::OkStatus();
  return config::AtField(ipc::ErrnoStatus(absl::StrCat("chdir ", folder)), "working_directory");
}

std::int64_t SecondsSinceEpoch() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void ShowStatus(MasterStatus& status) {
  status.pid.Set(::getpid());
  status.start_time.Set(SecondsSinceEpoch());
  status.started.Set(
      std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
  status.generation.Set(kGeneration);
  status.worker_processes.Set(1);
}

}  // namespace

absl::StatusOr<std::unique_ptr<StandaloneMaster>> StandaloneMaster::Create(
    const std::string& config_file, const std::string& prefix, const v1::Description& description,
    ForegroundSignals& signals) {
  absl::StatusOr<StandaloneConfig> read = ReadStandaloneConfig(config_file, prefix, description);
  if (!read.ok()) return absl::InvalidArgumentError(read.status().message());
  StandaloneConfig config = *std::move(read);
  absl::StatusOr<StandaloneSockets> sockets = StandaloneSockets::Bind(config.config);
  if (!sockets.ok()) return config.places.Explain(sockets.status());
  MUSTER_ASSIGN_OR_RETURN(SharedZone zone, SharedZone::Create(1));
  MUSTER_ASSIGN_OR_RETURN(ipc::Channel::Pair ends, ipc::Channel::CreatePair());
  MUSTER_ASSIGN_OR_RETURN(ipc::Channel::Pair handoff, ipc::Channel::CreatePair());
  auto master = std::unique_ptr<StandaloneMaster>(
      new StandaloneMaster(std::move(config), *std::move(sockets), std::move(zone), std::move(ends),
                           std::move(handoff), signals));
  absl::Status status = EnterEnvironment(master->config_.config);
  if (status.ok()) status = master->MakeZones();
  if (status.ok()) status = master->Introduce();
  if (!status.ok()) return master->Explain(status);
  return master;
}

StandaloneMaster::StandaloneMaster(StandaloneConfig config, StandaloneSockets sockets,
                                   SharedZone zone, ipc::Channel::Pair ends,
                                   ipc::Channel::Pair handoff, ForegroundSignals& signals)
    : config_(std::move(config)),
      sockets_(std::move(sockets)),
      zone_(std::move(zone)),
      ends_(std::move(ends)),
      handoff_(std::move(handoff)),
      signals_(signals) {
  signals_.Guard(&sockets_);
}

StandaloneMaster::~StandaloneMaster() {
  Leave();
  signals_.Guard(nullptr);
}

absl::Status StandaloneMaster::MakeZones() {
  ShowStatus(zone_.master_status());
  for (const WantedZone& wanted : WantedZones(config_.config)) {
    absl::StatusOr<UserZone> made = UserZone::Create(wanted.name, wanted.size_bytes);
    if (!made.ok()) return config::AtField(made.status(), wanted.size_field);
    user_zones_.push_back(std::make_shared<const UserZone>(*std::move(made)));
  }
  return absl::OkStatus();
}

absl::Status StandaloneMaster::Introduce() {
  std::vector<FirstMessage> messages = ListenerMessages(sockets_.listeners());
  std::vector<HandedZone> zones;
  for (const auto& zone : user_zones_) {
    zones.push_back({zone->name(), zone->memory_fd(), zone->bell_fd()});
  }
  for (FirstMessage& message : ZoneMessages(zones)) messages.push_back(std::move(message));
  MUSTER_ASSIGN_OR_RETURN(const ipc::UniqueFd sealed_config,
                          ipc::SealBytes("muster-config", config_.config.SerializeAsString()));
  MUSTER_ASSIGN_OR_RETURN(const ipc::OwnerTag tag, zone_.Reserve(kSlot));
  v1::Hello hello;
  hello.set_version(kOldestProtocolVersion);
  hello.set_newest_version(kProtocolVersion);
  hello.set_owner_tag(tag.bits());
  hello.set_slot(kSlot);
  hello.set_index(0);
  hello.set_generation(kGeneration);
  hello.set_listeners(static_cast<std::uint32_t>(config_.config.listen_size()));
  hello.set_zones(static_cast<std::uint32_t>(zones.size()));
  messages.push_back(
      {Command::kHello,
       hello.SerializeAsString(),
       {zone_.fd(), sealed_config.get(), handoff_.first.fd(), handoff_.second.fd()}});
  for (const FirstMessage& message : messages) MUSTER_RETURN_IF_ERROR(Send(message));
  return absl::OkStatus();
}

absl::Status StandaloneMaster::Send(const FirstMessage& first) const {
  ipc::Message message;
  message.command = ipc::CommandNumber(first.command);
  message.pid = ::getpid();
  message.payload = first.payload;
  message.fds = first.fds;
  MUSTER_ASSIGN_OR_RETURN(const ipc::SendOutcome outcome, ends_.second.TrySend(message));
  if (outcome == ipc::SendOutcome::kSent) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("the kernel does not take ", CommandName(first.command), " for the worker"));
}

absl::Status StandaloneMaster::Attend(loop::EventLoop& loop, Log log) {
  MUSTER_RETURN_IF_ERROR(sockets_.Listen());
  MUSTER_RETURN_IF_ERROR(Send({Command::kServe, "", {}}));
  MUSTER_RETURN_IF_ERROR(loop.Add(ends_.second.fd(), EPOLLIN, &worker_ear_));
  if (const absl::Status status = loop.Add(signals_.fd(), EPOLLIN, &signal_ear_); !status.ok()) {
    loop.Remove(ends_.second.fd(), &worker_ear_);
    return status;
  }
  loop_ = &loop;
  log_ = std::move(log);
  if (!config_.ignored.empty()) {
    log_(config::v1::Log::WARN, absl::StrCat("without a master these fields have no effect: ",
                                             absl::StrJoin(config_.ignored, ", ")));
  }
  log_(config::v1::Log::INFO,
       absl::StrCat("serves without a master at ", absl::StrJoin(sockets_.addresses(), ", ")));
  return absl::OkStatus();
}

void StandaloneMaster::Leave() {
  if (loop_ == nullptr) return;
  loop_->Remove(ends_.second.fd(), &worker_ear_);
  loop_->Remove(signals_.fd(), &signal_ear_);
  loop_ = nullptr;
}

void StandaloneMaster::Order(Command command) {
  if (const absl::Status status = Send({command, "", {}}); !status.ok()) {
    log_(config::v1::Log::ERROR, std::string(status.message()));
  }
}

void StandaloneMaster::HearWorker() {
  ipc::ReceivedMessage message;
  while (true) {
    const absl::StatusOr<ipc::ReceiveOutcome> outcome = ends_.second.TryReceive(&message);
    if (!outcome.ok() || *outcome != ipc::ReceiveOutcome::kReceived) return;
    v1::Ack ack;
    if (message.command_as<Command>() != Command::kAck) continue;  // it is READY
    if (ack.ParseFromString(message.payload) && !ack.error().empty()) {
      log_(config::v1::Log::ERROR, ack.error());
    }
  }
}

void StandaloneMaster::HearSignals() {
  const ForegroundSignals::Arrived arrived = signals_.Take();
  if (arrived.hangup) {
    log_(config::v1::Log::WARN,
         "got SIGHUP: without a master there is no reload; end this process and start it again");
  }
  if (arrived.end == 0) return;
  log_(config::v1::Log::INFO, absl::StrCat("got ", ipc::SignalName(arrived.end)));
  const bool is_graceful = arrived.end == SIGQUIT ||
                           (arrived.end == SIGTERM && config_.config.stop_signal_is_graceful());
  Order(is_graceful ? Command::kQuit : Command::kTerminate);
  // While the worker drains, nobody may wait for it in their queues.
  sockets_.RemoveFiles();
  signals_.Guard(nullptr);
  sockets_.Close();
}

}  // namespace muster::worker
