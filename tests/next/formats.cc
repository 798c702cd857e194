// The formats of a next version, which differ in each place where programs of two versions meet:
// the state of a master, the protocol of workers and the layout of the zone. The version before is
// the one that this tree has; raise these numbers when it raises its own.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/message.h"
#include "google/protobuf/unknown_field_set.h"
#include "muster/cli/version.h"
#include "muster/master/upgrade/state_format.h"
#include "muster/proto/state/master_state.pb.h"
#include "muster/worker/protocol/command.h"
#include "muster/worker/zone/zone_layout.h"

namespace muster {

const char cli::kVersion[] = "0.2.0";

// ---- The protocol: the commands to a worker that is ready have other numbers ----

namespace worker {

const std::uint32_t kProtocolVersion = 3;
const std::uint32_t kOldestProtocolVersion = 2;

namespace {
constexpr std::uint16_t kMoved = 1024;
}  // namespace

std::uint16_t NumberIn(std::uint32_t protocol, Command command) {
  const auto number = static_cast<std::uint16_t>(command);
  return protocol < kProtocolVersion ? number : static_cast<std::uint16_t>(number + kMoved);
}

Command CommandIn(std::uint32_t protocol, std::uint16_t number) {
  return static_cast<Command>(
      protocol < kProtocolVersion ? number : static_cast<std::uint16_t>(number - kMoved));
}

// ---- The zone: more room for each slot's counters, and everything elsewhere ----

const ZoneShape kZoneShape = {
    .layout = {.magic = kZoneMagic, .layout_version = 4, .abi_hash = kZoneAbiHash ^ 1},
    .parts = {{{ZoneArray::kEvents, 2 * sizeof(EventBoard)},
               {ZoneArray::kLatency, sizeof(LatencyHistogram)},
               {ZoneArray::kStats, 2 * sizeof(SlotStats)},
               {ZoneArray::kRequests, sizeof(RequestAtHand)},
               {ZoneArray::kWorkerStatus, 2 * sizeof(WorkerStatus)},
               {ZoneArray::kLastWords, 2 * sizeof(LastWords)}}},
};
const ZoneShape* const kZoneShapeBefore = &kThirdZoneShape;

}  // namespace worker

// ---- The state: a field has another number, and there is a new one ----

namespace master {
namespace {

using google::protobuf::Message;
using google::protobuf::UnknownFieldSet;
using state::v1::MasterState;

constexpr std::uint32_t kFormatBefore = 1;
constexpr int kVersionField = 1002;
constexpr int kNewField = 1001;     // of the core
constexpr int kNewInConfig = 1003;  // of a configuration that has the location kNewLocation
constexpr char kNewLocation[] = "/new";

UnknownFieldSet& UnknownOf(Message& message) {
  return *message.GetReflection()->MutableUnknownFields(&message);
}

bool HasNew(const config::v1::Config& config) {
  for (const config::v1::Location& location : config.http().location()) {
    if (location.path() == kNewLocation) return true;
  }
  return false;
}

}  // namespace

const std::uint32_t kStateFormat = 2;
const std::uint32_t kOldestStateFormat = 1;

void ToStateFormat(std::uint32_t format, MasterState& state) {
  // What a configuration says in a new field cannot be said without it.
  for (state::v1::Generation& generation : *state.mutable_deployment()->mutable_generation()) {
    if (!HasNew(generation.config())) continue;
    UnknownOf(*generation.mutable_config()).AddVarint(kNewInConfig, 1);
  }
  if (format == kFormatBefore) return;
  UnknownOf(state).AddLengthDelimited(kVersionField, state.version());
  state.clear_version();
  UnknownOf(*state.mutable_core()).AddVarint(kNewField, 7);
}

absl::Status FromStateFormat(MasterState& state) {
  for (state::v1::Generation& generation : *state.mutable_deployment()->mutable_generation()) {
    UnknownOf(*generation.mutable_config()).DeleteByNumber(kNewInConfig);
  }
  if (state.format() == kFormatBefore) return absl::OkStatus();
  UnknownFieldSet& unknown = UnknownOf(state);
  for (int i = 0; i < unknown.field_count(); ++i) {
    const auto& field = unknown.field(i);
    if (field.number() == kVersionField) state.set_version(field.length_delimited());
  }
  unknown.DeleteByNumber(kVersionField);
  if (state.version().empty()) return absl::InvalidArgumentError("version: is missing");
  UnknownFieldSet& of_core = UnknownOf(*state.mutable_core());
  if (of_core.empty() || of_core.field(0).number() != kNewField) {
    return absl::InvalidArgumentError(absl::StrCat("core: field ", kNewField, " is missing"));
  }
  of_core.DeleteByNumber(kNewField);
  return absl::OkStatus();
}

}  // namespace master
}  // namespace muster
