#include "muster/worker/runtime/worker_process.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/cli/version.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/log/lost_lines.h"
#include "muster/process_env/crash_report.h"
#include "muster/process_env/descriptor_limit.h"
#include "muster/process_env/spare_descriptors.h"
#include "muster/process_env/startup_pages.h"
#include "muster/proto/field_error.h"
#include "muster/worker/protocol/command.h"
#include "muster/worker/runtime/bounded_duration.h"
#include "muster/worker/runtime/handoff/connection_capacity.h"
#include "muster/worker/runtime/received_config.h"
#include "muster/worker/zone/request_at_hand.h"

namespace muster::worker {
namespace {

// Clears what a connection has from its listener.
void HearFromAnywhere(const Connection& connection) {
  const int none = 0;
  if (connection.origin.address.family() == AF_INET) {
    ::setsockopt(connection.fd.get(), IPPROTO_IP, IP_MINTTL, &none, sizeof(none));
  } else if (connection.origin.address.family() == AF_INET6) {
    ::setsockopt(connection.fd.get(), IPPROTO_IPV6, IPV6_MINHOPCOUNT, &none, sizeof(none));
  }
}

// For each connection its socket and what it serves from; and some for the process.
constexpr std::uint64_t kDescriptorsPerConnection = 2;
constexpr std::uint64_t kOtherDescriptors = 128;
constexpr std::uint64_t kDescriptorsPerZone = 4;
// Of those, files that are served.
constexpr std::uint64_t kOtherFiles = 16;

std::uint32_t IndexIn(const v1::Hello& hello) {
  return hello.has_index() ? hello.index() : hello.slot();
}

// As the master calls it.
std::string WriterName(const v1::Hello& hello) {
  return absl::StrCat("worker ", IndexIn(hello), " of generation ", hello.generation());
}

// What costs nothing where no listener asks for it.
bool CountsClients(const config::v1::Config& config) {
  return std::any_of(
      config.listen().begin(), config.listen().end(),
      [](const config::v1::Listen& listen) { return listen.max_connections_per_client() != 0; });
}

// The tag must be one that the master reserved, of a slot that the zone has.
absl::Status Join(const SharedZone& zone, ipc::OwnerTag tag) {
  if (tag.slot() >= zone.capacity()) {
    return absl::InvalidArgumentError(absl::StrCat("HELLO: the owner tag ", tag.bits(),
                                                   " names no slot of the shared zone, which has ",
                                                   zone.capacity()));
  }
  return ipc::Annotate(zone.registry().Join(tag), "HELLO: the owner tag");
}

absl::StatusOr<std::vector<UserZone>> AttachZones(std::vector<InheritedZone> inherited) {
  std::vector<UserZone> zones;
  for (InheritedZone& zone : inherited) {
    MUSTER_ASSIGN_OR_RETURN(UserZone attached, UserZone::Attach(zone.name, std::move(zone.memory),
                                                                std::move(zone.bell)));
    zones.push_back(std::move(attached));
  }
  return zones;
}

ThreadPool::Size SizeOfPool(const config::v1::Config& config) {
  return config.has_threads() ? ThreadPool::Size{config.threads().count(), config.threads().queue()}
                              : ThreadPool::Size{0, 0};
}

// How long EndThreads waits. The tasks have been cancelled, or it is too late already.
constexpr auto kThreadsPatience = std::chrono::milliseconds(100);

// Both zones outlive them.
std::unique_ptr<Metrics> MakeMetrics(const config::v1::Config& config,
                                     const std::vector<UserZone>& zones, const SharedZone& shared,
                                     ipc::OwnerTag tag) {
  for (const UserZone& zone : zones) {
    if (zone.name() != kMetricsZone) continue;
    return std::make_unique<Metrics>(zone, config.metrics().max_series(), shared, tag);
  }
  return std::make_unique<Metrics>();
}

}  // namespace

absl::StatusOr<std::unique_ptr<WorkerProcess>> WorkerProcess::Create(
    Beginnings beginnings, const ServiceFactory& factory) {
  Inheritance& inheritance = beginnings.inheritance;
  MUSTER_ASSIGN_OR_RETURN(config::v1::Config config, ReadConfig(inheritance.config.get()));
  inheritance.config.reset();
  MUSTER_ASSIGN_OR_RETURN(SharedZone zone, SharedZone::Attach(std::move(inheritance.zone)));
  MUSTER_RETURN_IF_ERROR(Join(zone, ipc::OwnerTag::InWord(inheritance.hello.owner_tag())));
  MUSTER_ASSIGN_OR_RETURN(std::vector<UserZone> user_zones,
                          AttachZones(std::move(inheritance.zones)));
  // The zone goes after the log's last line.
  auto logs = std::make_unique<ReceivedLogs>(std::move(inheritance.logs));
  auto log =
      ErrorLog::Open(config.log(), WriterName(inheritance.hello), &zone.master_status().log_level,
                     [logs = logs.get()](const std::string& path) { return logs->Open(path); });
  if (!log.ok()) return config::AtField(ipc::Annotate(log.status(), "log.path"), "log.path");
  MUSTER_ASSIGN_OR_RETURN(auto loop, loop::EventLoop::Create());
  auto process = std::unique_ptr<WorkerProcess>(
      new WorkerProcess(beginnings, std::move(config), std::move(logs), *std::move(log),
                        std::move(zone), std::move(user_zones), std::move(loop)));
  const absl::Status started = process->Start(std::move(beginnings), factory);
  if (started.ok()) return process;
  process->fatal_report_.Say(started.message());
  return started;
}

WorkerProcess::WorkerProcess(const Beginnings& beginnings, config::v1::Config config,
                             std::unique_ptr<ReceivedLogs> logs, ErrorLog log, SharedZone zone,
                             std::vector<UserZone> user_zones,
                             std::unique_ptr<loop::EventLoop> loop)
    : hello_(beginnings.inheritance.hello),
      protocol_(beginnings.inheritance.protocol),
      tag_(ipc::OwnerTag::InWord(hello_.owner_tag())),
      config_(std::move(config)),
      title_(beginnings.title),
      logs_(std::move(logs)),
      log_(std::move(log)),
      zone_(std::move(zone)),
      fatal_report_(zone_.last_words(tag_.slot()), tag_),
      user_zones_(std::move(user_zones)),
      metrics_(MakeMetrics(config_, user_zones_, zone_, tag_)),
      loop_(std::move(loop)),
      threads_(SizeOfPool(config_), {*loop_,
                                     [this](absl::string_view line) {
                                       log_.Write(config::v1::Log::WARN, std::string(line));
                                     }}),
      connections_(zone_.stats(tag_.slot()).active),
      handoff_board_(zone_, tag_.slot(), hello_.generation(), config_.worker_connections()) {}

// What the service holds of the worker, connections above all, goes while the worker is whole.
WorkerProcess::~WorkerProcess() {
  acceptor_.reset();
  admission_.reset();
  // Their work uses the service.
  threads_.End(loop::Clock::duration::max());
  service_.reset();
  // What a task holds may post, as a reply does that was not sent.
  loop_->DropTasks();
  handoff_.reset();
  PublishLostLines();
}

void WorkerProcess::PublishLostLines() {
  const std::uint64_t lost = log::LostLines();
  status().log_lines_lost.Add(lost - std::exchange(published_lost_lines_, lost));
}

absl::Status WorkerProcess::Start(Beginnings beginnings, const ServiceFactory& factory) {
  ShowTitle();
  // What an earlier process of the slot left, if nobody recovered it, is not ours.
  stats().ClearGauges();
  status().Clear();
  ClearRequest(zone_.request(tag_.slot()));
  process_env::ReportCrashes(WriterName(hello_));
  stack_report_.emplace(status().stacks, beginnings.master, WriterName(hello_));
  RaiseDescriptorLimit();
  MUSTER_ASSIGN_OR_RETURN(service_, factory(*this));
  MUSTER_RETURN_IF_ERROR(
      HearMaster(beginnings.channel, beginnings.master, std::move(beginnings.signals)));
  MUSTER_RETURN_IF_ERROR(PrepareToServe(std::move(beginnings.inheritance)));
  status().generation.Set(static_cast<std::int64_t>(hello_.generation()));
  status().started.Set(std::chrono::nanoseconds(loop_->now().time_since_epoch()).count());
  handoff_board_.ShowTakesMemory();
  // A master of version 1 takes READY for "serves".
  if (protocol_ < kServeVersion) MUSTER_RETURN_IF_ERROR(Serve());
  v1::Ready ready;
  ready.set_version(cli::kVersion);
  ready.set_protocol(protocol_);
  master_->Send(Command::kReady, ready.SerializeAsString());
  return absl::OkStatus();
}

void WorkerProcess::RaiseDescriptorLimit() const {
  const std::uint64_t descriptors = config_.worker_connections() * kDescriptorsPerConnection +
                                    config_.http().open_file_cache().max_entries() +
                                    kDescriptorsPerZone * user_zones_.size() + kOtherDescriptors;
  if (const absl::Status status = process_env::RaiseDescriptorLimit(descriptors); !status.ok()) {
    log_.Write(config::v1::Log::WARN, std::string(status.message()));
  }
}

absl::Status WorkerProcess::HearMaster(const ipc::Channel& channel, pid_t master,
                                       ipc::SignalSet signals) {
  MasterChannel::Callbacks callbacks;
  callbacks.message = [this](const ipc::ReceivedMessage& message) { OnMessage(message); };
  callbacks.gone = [this] { BeginDrain(Service::Idle::kClose); };
  MUSTER_ASSIGN_OR_RETURN(master_, MasterChannel::Create({*loop_, log_, channel}, master,
                                                         hello_.slot(), std::move(callbacks)));
  MUSTER_ASSIGN_OR_RETURN(signals_,
                          SignalSource::Create(*loop_, std::move(signals),
                                               [this](Command command) { OnSignal(command); }));
  loop_->SetBeforeEach([this] {
    if (IsSuperseded()) master_->ReceiveNow();
  });
  return absl::OkStatus();
}

absl::Status WorkerProcess::PrepareToServe(Inheritance inheritance) {
  std::optional<AcceptTurns> turns;
  if (config_.accept() == config::v1::MUTEX) {
    turns.emplace(
        AcceptTurns{{zone_.accept_mutex_state(), zone_.registry(), tag_}, status().accept_turns});
  }
  if (CountsClients(config_)) connections_.CountClients(clients_);
  admission_ = std::make_unique<Admission>(
      Admission::Surroundings{*loop_, log_, connections_, stats(), status(), *service_});
  MUSTER_ASSIGN_OR_RETURN(
      acceptor_, Acceptor::Create({*loop_, log_, connections_, stats(), *admission_}, config_,
                                  std::move(inheritance.listeners), std::move(turns)));
  HandoffQueue::Callbacks handoff;
  handoff.adopt = [this](Connection connection, std::string state) {
    Adopt(std::move(connection), std::move(state));
  };
  handoff.room = [this] { drain_->OnHandoffRoom(); };
  handoff.measure_capacity = [this] { return MeasureCapacity(); };
  MUSTER_ASSIGN_OR_RETURN(
      handoff_, HandoffQueue::Create({*loop_, log_, connections_, stats(), handoff_board_,
                                      config_.hand_off_between_users()},
                                     std::move(inheritance.handoff_take),
                                     std::move(inheritance.handoff_give), std::move(handoff)));
  drain_.emplace(Drain::Surroundings{*loop_, log_, connections_, stats(), status(), *acceptor_,
                                     *admission_, *handoff_, *service_, threads_},
                 BoundedDuration(config_.shutdown_timeout()), [this] { OnDrainBegun(); });
  heartbeat_.emplace(*loop_, zone_.registry(), tag_, [this] {
    acceptor_->Sweep();
    log_.Flush();
    PublishLostLines();
  });
  return absl::OkStatus();
}

absl::Status WorkerProcess::Serve() {
  if (is_serving_) return absl::OkStatus();
  is_serving_ = true;
  status().phase.Set(static_cast<std::int64_t>(WorkerPhase::kServing));
  const absl::Status accepts = acceptor_->Start();
  const absl::Status takes = handoff_->StartTaking();
  return accepts.ok() ? takes : accepts;
}

absl::Status WorkerProcess::Run() {
  while (!is_terminated_ && !drain_->is_done()) {
    if (const absl::Status status = loop_->RunOnce(); !status.ok()) {
      fatal_report_.Say(status.message());
      return status;
    }
    acceptor_->AfterRound();
    AcknowledgeDrains();
    drain_->AfterRound();
    // The start is over when the master has been told that it serves.
    if (is_serving_ && !std::exchange(is_started_, true)) process_env::ReleaseStartupPages();
  }
  return absl::OkStatus();
}

bool WorkerProcess::EndThreads() {
  if (threads_.End(kThreadsPatience)) return true;
  log_.Write(config::v1::Log::WARN,
             absl::StrCat("tasks of the service do not return and end with the process: ",
                          threads_.load().running));
  service_->BeforeExit();
  PublishLostLines();
  log_.Flush();
  return false;
}

std::uint32_t WorkerProcess::index() const { return IndexIn(hello_); }

bool WorkerProcess::is_draining() const { return drain_.has_value() && drain_->has_begun(); }

void WorkerProcess::ShowTitle() {
  title_.Set(absl::StrCat("muster: worker process ", index(), " (generation ", hello_.generation(),
                          ")", is_draining() ? " is draining" : ""));
}

void WorkerProcess::OnDrainBegun() {
  ShowTitle();
  status().phase.Set(static_cast<std::int64_t>(WorkerPhase::kDraining));
}

absl::StatusOr<const UserZone*> WorkerProcess::zone(absl::string_view name) const {
  for (const UserZone& zone : user_zones_) {
    if (zone.name() == name) return &zone;
  }
  return absl::FailedPreconditionError(
      absl::StrCat("zone \"", name, "\": is not declared; the configuration needs zone { name: \"",
                   name, "\" size_bytes: ... }"));
}

std::uint32_t WorkerProcess::MeasureCapacity() const {
  const auto spare = process_env::SpareDescriptors();
  // Not known: as many as it may hold otherwise. None is taken without a descriptor for it.
  if (!spare.ok()) return config_.worker_connections();
  return ConnectionCapacity(config_.worker_connections(), connections_.held(), *spare,
                            config_.http().open_file_cache().max_entries() + kOtherFiles);
}

void WorkerProcess::HandOff(Connection connection, std::string state) {
  handoff_->Give(std::move(connection), std::move(state));
}

void WorkerProcess::Adopt(Connection connection, std::string state) {
  if (connection.is_fresh) {
    // A listener that the master drops hears only clients that are near, and so do connections from
    // it, also when a worker has accepted them that was late to drain (docs/SUPERVISION.md).
    HearFromAnywhere(connection);
    return admission_->TakeFresh(std::move(connection), state);
  }
  // Its service may know better (RestoreOrigin).
  connection.lease.SetClient(connection.origin);
  const absl::Status status = service_->Adopt(std::move(connection), std::move(state));
  if (status.ok()) return;
  log_.Write(config::v1::Log::ERROR,
             absl::StrCat("an adopted connection is closed: ", status.message()));
}

}  // namespace muster::worker
