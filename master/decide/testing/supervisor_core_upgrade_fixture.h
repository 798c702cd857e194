#ifndef MUSTER_MASTER_DECIDE_TESTING_SUPERVISOR_CORE_UPGRADE_FIXTURE_H_
#define MUSTER_MASTER_DECIDE_TESTING_SUPERVISOR_CORE_UPGRADE_FIXTURE_H_

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "muster/master/decide/testing/supervisor_core_fixture.h"
#include "muster/master/decide/upgrade.h"
#include "muster/proto/state/core_state.pb.h"

namespace muster::master {

// A core that is upgraded: its exec is a core that is restored from what was saved.
class SupervisorCoreUpgradeTest : public SupervisorCoreTest {
 protected:
  using State = UpgradeRecord::State;
  using What = UpgradeEvent::What;
  static constexpr UpgradeEvent::What kUpgrade = What::kUpgrade;

  void Ask(RequestId request, What what = kUpgrade) {
    Give(UpgradeEvent{.request = request,
                      .what = what,
                      .id = "id 1",
                      .by = "uid 0",
                      .version = "1",
                      .master_file = "/master",
                      .worker_file = "/worker"});
  }
  // The verdict on the program that is tried.
  void Tried(absl::Status status = absl::OkStatus()) {
    Give(ProgramTriedEvent{tried_.back().upgrade, std::move(status), "2"});
  }
  // As the exec does: all that is left is what was saved.
  void Exec() {
    ASSERT_EQ(core_.CheckQuiet(), absl::OkStatus());
    ASSERT_TRUE(core_.upgrade().is_executing());
    state::v1::CoreState state;
    ASSERT_TRUE(state.ParseFromString(core_.Save().SerializeAsString()));
    absl::StatusOr<SupervisorCore> restored = SupervisorCore::Restore(state, 1024);
    ASSERT_EQ(restored.status(), absl::OkStatus());
    std::destroy_at(&core_);
    std::construct_at(&core_, *std::move(restored));
  }
  // Up to where the new program runs.
  void Upgrade() {
    Ask(0);
    Tried();
    Exec();
    Give(UpgradedEvent{});
  }
  // Up to where its workers serve, in slots 2 and 3.
  void BringWorkers() {
    Give(LoadedEvent{load_, settings_});
    FinishReload();
  }
  // Up to where the generation before serves again, in slots 4 and 5.
  void BringBack() {
    Give(LoadedEvent{load_, settings_});
    for (std::uint32_t slot : {4u, 5u}) Give(ReadyEvent{slot});
    for (std::uint32_t slot : {2u, 3u, 4u, 5u}) Acknowledge(slot);
  }
  State Where() const { return core_.upgrade().record().state; }
  absl::Status StatusOf(RequestId request) const {
    for (const ReplyAction& reply : replies_) {
      if (reply.request == request) return reply.outcome.status;
    }
    return absl::UnknownError("not answered");
  }
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_TESTING_SUPERVISOR_CORE_UPGRADE_FIXTURE_H_
