// For libFuzzer: a state is refused, or restored to a core that saves itself as that state again
// and that can be ended, whatever it was.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "muster/ipc/base/check.h"
#include "muster/master/decide/supervisor_core.h"
#include "muster/proto/state/core_state.pb.h"

namespace muster::master {
namespace {

constexpr std::uint32_t kSlots = 64;

void Tick(SupervisorCore& core, TimePoint& now) {
  const std::optional<TimePoint> deadline = core.next_deadline();
  if (deadline && *deadline > now) now = *deadline;
  core.Handle(TickEvent{}, now);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  state::v1::CoreState state;
  if (!state.ParseFromArray(data, static_cast<int>(size))) return 0;
  absl::StatusOr<SupervisorCore> core = SupervisorCore::Restore(state, kSlots);
  if (!core.ok()) {
    MUSTER_CHECK(absl::StartsWith(core.status().message(), "core"), "names a field");
    return 0;
  }
  MUSTER_CHECK(core->CheckQuiet().ok(), "what is restored is quiet");
  MUSTER_CHECK(core->Save().SerializeAsString() == state.SerializeAsString(), "the same again");

  TimePoint now{};
  core->Handle(UpgradedEvent{}, now);
  for (int i = 0; i < 10; ++i) Tick(*core, now);
  core->Handle(ReloadEvent{}, now);
  core->Handle(StopEvent{}, now);
  bool has_exited = false;
  for (std::uint32_t slot = 0; slot < kSlots; ++slot) {
    for (const Action& action : core->Handle(ExitedEvent{.slot = slot}, now)) {
      has_exited |= std::holds_alternative<ExitAction>(action);
    }
  }
  for (int i = 0; i < 10 && !has_exited; ++i) Tick(*core, now);
  MUSTER_CHECK(core->state() == MasterState::kStopping, "ends");
  return 0;
}

}  // namespace muster::master
