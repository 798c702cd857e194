#include "muster/worker/testkit/fake_context.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "muster/ipc/base/check.h"
#include "muster/proto/field_rules.h"
#include "muster/worker/metrics/metrics_table.h"
#include "muster/worker/metrics/metrics_text.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/slot_recovery.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::worker::testkit {
namespace {

constexpr std::uint32_t kMostWorkers = 64;
constexpr int kMostRounds = 100'000;
constexpr std::chrono::seconds kPatience(30);

template <typename T>
T OrDie(absl::StatusOr<T> value) {
  MUSTER_CHECK(value.ok(), std::string(value.status().message()).c_str());
  return *std::move(value);
}

class Mistakes : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    absl::StrAppend(&text_, "configuration:", line + 1, ":", column + 1, ": ", message, "\n");
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

config::v1::Config Parse(absl::string_view text) {
  config::v1::Config config;
  Mistakes mistakes;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&mistakes);
  MUSTER_CHECK(parser.ParseFromString(std::string(text), &config), mistakes.text().c_str());
  config::FillDefaults(&config);
  return config;
}

}  // namespace

struct FakeContext::Machine {
  // The zone of this name, which is made if it is not there.
  const UserZone& Zone(const std::string& name, std::uint64_t size_bytes) {
    for (std::size_t i = 0; i < zones.size(); ++i) {
      if (zones[i]->name() != name) continue;
      const std::uint64_t there = created_zones[i]->size_bytes();
      MUSTER_CHECK(there == size_bytes,
                   absl::StrCat("zone \"", name, "\": has ", there, " bytes, not ", size_bytes,
                                "; a reload cannot change it")
                       .c_str());
      return *zones[i];
    }
    const UserZone& created = *created_zones.emplace_back(
        std::make_unique<const UserZone>(OrDie(UserZone::Create(name, size_bytes))));
    zones.push_back(std::make_unique<const UserZone>(
        OrDie(UserZone::Attach(name, OrDie(ipc::DuplicateFd(created.memory_fd())),
                               OrDie(ipc::DuplicateFd(created.bell_fd()))))));
    return *zones.back();
  }

  ManualClock clock;
  const SharedZone shared = OrDie(SharedZone::Create(kMostWorkers));
  // As the master has them, and as a process that takes part, in the same order.
  std::vector<std::unique_ptr<const UserZone>> created_zones;
  std::vector<std::unique_ptr<const UserZone>> zones;
  std::map<std::uint64_t, std::uint32_t> last_index;  // by generation
  std::uint64_t next_generation = 2;
};

FakeContext::FakeContext(absl::string_view config)
    : FakeContext(std::make_shared<Machine>(), Parse(config), 0, 1) {}

FakeContext::FakeContext(std::shared_ptr<Machine> machine, config::v1::Config config,
                         std::uint32_t index, std::uint64_t generation)
    : machine_(std::move(machine)),
      config_(std::move(config)),
      index_(index),
      generation_(generation),
      tag_(OrDie(machine_->shared.Reserve())),
      metrics_(config_.has_metrics()
                   ? std::make_unique<Metrics>(
                         machine_->Zone(std::string(kMetricsZone),
                                        MetricsTable::ZoneBytesFor(config_.metrics().max_series())),
                         config_.metrics().max_series(), machine_->shared, tag_)
                   : std::make_unique<Metrics>()),
      loop_(OrDie(loop::EventLoop::Create([machine = machine_] { return machine->clock.now(); }))),
      connections_(machine_->shared.stats(tag_.slot()).active) {
  std::signal(SIGPIPE, SIG_IGN);  // as in a worker
  for (const config::v1::Zone& zone : config_.zone()) {
    zones_.push_back(&machine_->Zone(zone.name(), zone.size_bytes()));
  }
  loop_->SetBeforeEach([this] { ++calls_; });
}

FakeContext::~FakeContext() {
  handed_off_.clear();
  loop_->DropTasks();
  RecoverSlot(machine_->shared, tag_);
}

std::unique_ptr<FakeContext> FakeContext::NewWorker() {
  return std::unique_ptr<FakeContext>(
      new FakeContext(machine_, config_, ++machine_->last_index[generation_], generation_));
}

std::unique_ptr<FakeContext> FakeContext::NewGeneration() {
  return std::unique_ptr<FakeContext>(
      new FakeContext(machine_, config_, 0, machine_->next_generation++));
}

std::unique_ptr<FakeContext> FakeContext::NewGeneration(absl::string_view config) {
  return std::unique_ptr<FakeContext>(
      new FakeContext(machine_, Parse(config), 0, machine_->next_generation++));
}

// ---- What the test plays ----

bool FakeContext::RunRound(loop::Clock::duration limit) {
  const auto until_next = loop_->UntilNext();
  const bool is_timer_due =
      until_next.has_value() && loop_->now() + *until_next <= machine_->clock.now();
  calls_ = 0;
  MUSTER_CHECK(loop_->RunOnce(limit).ok(), "a round of the loop");
  return is_timer_due || calls_ > 1;
}

void FakeContext::RunReady() {
  int rounds = 0;
  while (RunRound(loop::Clock::duration::zero())) {
    MUSTER_CHECK(++rounds < kMostRounds, "what the service does comes to an end");
  }
}

void FakeContext::Advance(loop::Clock::duration by) {
  ManualClock& clock = machine_->clock;
  const loop::TimePoint end = clock.now() + by;
  RunReady();
  for (auto next = loop_->UntilNext(); next.has_value() && loop_->now() + *next <= end;
       next = loop_->UntilNext()) {
    clock.Set(loop_->now() + *next);
    RunReady();
  }
  clock.Set(end);
  RunReady();
}

bool FakeContext::RunUntil(const std::function<bool()>& is_done) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  RunReady();
  while (!is_done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    RunRound(std::chrono::milliseconds(10));
  }
  return true;
}

ManualClock& FakeContext::clock() { return machine_->clock; }

void FakeContext::Drain(Service& service) {
  is_draining_ = true;
  service.Drain(Service::Idle::kHandOff);
  RunReady();
}

void FakeContext::Quit(Service& service) {
  is_draining_ = true;
  service.Drain(Service::Idle::kClose);
  RunReady();
}

void FakeContext::SetHandoffRoom(bool has_room, Service& service) {
  if (std::exchange(has_handoff_room_, has_room) || !has_room || !is_draining_) return;
  service.OnHandoffRoom();
  RunReady();
}

// ---- What the test looks at ----

std::vector<FakeContext::LogLine> FakeContext::log_lines() const {
  const std::lock_guard lock(mutex_);
  return log_lines_;
}

std::string FakeContext::MetricsText() const { return worker::MetricsText(metrics_->Read()); }

// ---- Connections ----

Connection FakeContext::MakeConnection(ipc::UniqueFd fd, Origin origin) {
  Connection connection;
  connection.fd = std::move(fd);
  connection.origin = std::move(origin);
  connection.accepted = machine_->clock.now();
  connection.lease = connections_.Take();
  return connection;
}

std::optional<FakeContext::HandedOff> FakeContext::TakeHandedOff(int fd) {
  const auto found = std::find_if(
      handed_off_.begin(), handed_off_.end(),
      [fd](const HandedOff& handed_off) { return handed_off.connection.fd.get() == fd; });
  if (found == handed_off_.end()) return std::nullopt;
  std::optional<HandedOff> taken(std::move(*found));
  handed_off_.erase(found);
  return taken;
}

const std::string* FakeContext::FindHandedOff(int fd) const {
  for (const HandedOff& handed_off : handed_off_) {
    if (handed_off.connection.fd.get() == fd) return &handed_off.state;
  }
  return nullptr;
}

// ---- Context ----

SlotStats& FakeContext::stats() { return machine_->shared.stats(tag_.slot()); }

const SharedZone& FakeContext::zone() const { return machine_->shared; }

absl::StatusOr<const UserZone*> FakeContext::zone(absl::string_view name) const {
  for (const UserZone* zone : zones_) {
    if (zone->name() == name) return zone;
  }
  return absl::FailedPreconditionError(
      absl::StrCat("zone \"", name, "\": is not declared; the configuration needs zone { name: \"",
                   name, "\" size_bytes: ... }"));
}

void FakeContext::Log(config::v1::Log::Level level, absl::string_view line) {
  const std::lock_guard lock(mutex_);
  log_lines_.push_back({level, std::string(line)});
}

void FakeContext::HandOff(Connection connection, std::string state) {
  handed_off_.push_back({std::move(connection), std::move(state)});
}

}  // namespace muster::worker::testkit
