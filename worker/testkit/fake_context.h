#ifndef MUSTER_WORKER_TESTKIT_FAKE_CONTEXT_H_
#define MUSTER_WORKER_TESTKIT_FAKE_CONTEXT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/worker/runtime/connection.h"
#include "muster/worker/runtime/context.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/testkit/manual_clock.h"

namespace muster::worker::testkit {

// What a service gets of its worker, for unit tests: no process, no master, no network. Zones and
// metrics are real memory of this process. Time passes by Advance only, for timers and for the
// timeouts of streams.
//
// Nothing runs by itself: timers, tasks and events of descriptors run within RunReady, Advance,
// RunUntil and the calls of a FakeStream. Belongs to the test's thread. Other threads may call what
// they may call of any Context, and log_lines(). It outlives the service, and is not run after the
// service is destroyed.
class FakeContext final : public Context {
 public:
  // Worker 0 of generation 1. `config` is written as a configuration file:
  //
  //   FakeContext context(R"(
  //     zone { name: "chat" size_bytes: 1048576 }
  //     service { [type.googleapis.com/my.Chat] { greeting: "hello" } }
  //   )");
  //
  // Defaults are filled in. Only what the test needs must be there: not `listen`, for instance.
  // Paths stay as they are. The process ignores SIGPIPE from here on. A mistake ends the test
  // program, with a message that says what is wrong.
  explicit FakeContext(absl::string_view config = "");
  ~FakeContext() override;
  FakeContext(const FakeContext&) = delete;
  FakeContext& operator=(const FakeContext&) = delete;

  // The other workers that a test needs. They have the zones, the metrics and the clock of this
  // one. Each has its own loop, which its own calls run. A worker that is destroyed is one that has
  // ended: its gauges are gone, and what it counted stays.
  //
  // One more worker of the same generation, with the next free number.
  std::unique_ptr<FakeContext> NewWorker();
  // Worker 0 of the next generation, as after a reload. Zones of the same name are the same; to
  // declare one with another size, or other `max_series` of metrics, is a mistake.
  std::unique_ptr<FakeContext> NewGeneration();
  std::unique_ptr<FakeContext> NewGeneration(absl::string_view config);

  // ---- What the test plays ----

  // Runs all that can run now, and what follows from it. Does not wait. Ends the test program if
  // there is no end to it: after 100000 rounds of the loop.
  void RunReady();
  // Lets time pass. Timers run one after the other, each at its own time. The clock is also that of
  // the other workers, whose timers run when they are run next.
  void Advance(loop::Clock::duration by);
  // For work of other threads, which takes real time: runs all that can run, until `is_done`.
  // False: it was not so within 30 s.
  bool RunUntil(const std::function<bool()>& is_done);
  ManualClock& clock();

  // The worker drains, and others serve on: as Service::Drain with kHandOff. Connections that the
  // service hands off are kept here; FakeStream::Resume takes them to another worker.
  void Drain(Service& service);
  // Nobody serves any more: as Service::Drain with kClose.
  void Quit(Service& service);
  // Whether others have room for connections: true at first. If it becomes true while `service`
  // drains, it is told (Service::OnHandoffRoom).
  void SetHandoffRoom(bool has_room, Service& service);

  // ---- What the test looks at ----

  struct LogLine {
    config::v1::Log::Level level;
    std::string text;
  };
  // All lines until now.
  std::vector<LogLine> log_lines() const;
  // The service's metrics, of all workers, as Prometheus reads them. Empty without `metrics {}` in
  // the configuration.
  std::string MetricsText() const;
  // The connections that the worker has.
  std::uint32_t connections() const { return connections_.held(); }

  // ---- For peers of services that FakeStream does not play ----

  // A connection of this worker: `fd` is non-blocking. Pass it to Service::OnConnection.
  Connection MakeConnection(ipc::UniqueFd fd, Origin origin = {});
  struct HandedOff {
    Connection connection;
    std::string state;
  };
  // The connection with this descriptor, if the service has handed it off. It counts here until its
  // lease is replaced.
  std::optional<HandedOff> TakeHandedOff(int fd);
  // Its state, if it is here still.
  const std::string* FindHandedOff(int fd) const;
  // A lease of this worker, for a connection that it adopts.
  ConnectionLease TakeLease() { return connections_.Take(); }

  // ---- Context ----

  loop::EventLoop& loop() override { return *loop_; }
  const config::v1::Config& config() const override { return config_; }
  std::uint32_t index() const override { return index_; }
  std::uint32_t slot() const override { return tag_.slot(); }
  std::uint64_t generation() const override { return generation_; }
  SlotStats& stats() override;
  const SharedZone& zone() const override;
  absl::StatusOr<const UserZone*> zone(absl::string_view name) const override;
  Metrics& metrics() override { return *metrics_; }
  void Post(std::function<void()> task) override { loop_->Post(std::move(task)); }
  void Log(config::v1::Log::Level level, absl::string_view line) override;
  bool is_draining() const override { return is_draining_; }
  bool HasHandoffRoom() override { return has_handoff_room_; }
  std::size_t MostHandoffStateBytes() override { return kMostHandoffMemoryBytes; }
  void HandOff(Connection connection, std::string state) override;

 private:
  // What all workers of a test share.
  struct Machine;

  FakeContext(std::shared_ptr<Machine> machine, config::v1::Config config, std::uint32_t index,
              std::uint64_t generation);
  // False: nothing was to be run.
  bool RunRound(loop::Clock::duration limit);

  const std::shared_ptr<Machine> machine_;
  const config::v1::Config config_;
  const std::uint32_t index_;
  const std::uint64_t generation_;
  const ipc::OwnerTag tag_;
  std::vector<const UserZone*> zones_;  // that its configuration declares; the machine's
  const std::unique_ptr<Metrics> metrics_;
  const std::unique_ptr<loop::EventLoop> loop_;
  int calls_ = 0;  // of a round: one for each event, and one more
  ConnectionCount connections_;
  bool is_draining_ = false;
  bool has_handoff_room_ = true;
  std::vector<HandedOff> handed_off_;

  mutable std::mutex mutex_;
  std::vector<LogLine> log_lines_;  // guarded by mutex_
};

}  // namespace muster::worker::testkit

#endif  // MUSTER_WORKER_TESTKIT_FAKE_CONTEXT_H_
