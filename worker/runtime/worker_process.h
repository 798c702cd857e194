#ifndef MUSTER_WORKER_RUNTIME_WORKER_PROCESS_H_
#define MUSTER_WORKER_RUNTIME_WORKER_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/channel/channel.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/process/signal_set.h"
#include "muster/log/target.h"
#include "muster/loop/event_loop.h"
#include "muster/process_env/process_title.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/metrics/metrics.h"
#include "muster/worker/origin/client_counts.h"
#include "muster/worker/runtime/accept/acceptor.h"
#include "muster/worker/runtime/accept/admission.h"
#include "muster/worker/runtime/connection.h"
#include "muster/worker/runtime/connection_lease.h"
#include "muster/worker/runtime/context.h"
#include "muster/worker/runtime/drain.h"
#include "muster/worker/runtime/error_log.h"
#include "muster/worker/runtime/fatal_report.h"
#include "muster/worker/runtime/handoff/handoff_board.h"
#include "muster/worker/runtime/handoff/handoff_queue.h"
#include "muster/worker/runtime/heartbeat.h"
#include "muster/worker/runtime/inheritance.h"
#include "muster/worker/runtime/master_channel.h"
#include "muster/worker/runtime/received_logs.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/runtime/signal_source.h"
#include "muster/worker/runtime/stack_report.h"
#include "muster/worker/threads/thread_pool.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::worker {

// A worker from its making to its end. It could serve from READY on, and does so from SERVE on. It
// ties the parts together (the acceptor, the admission, the handoff queue, the drain, the
// heartbeat, the channel to the master, the signals, the service), obeys the master's commands, and
// is the service's Context. Its files by command: DRAIN and QUIT drain.h, REOPEN error_log.h and
// the service, TERMINATE worker_commands.cc. One object in a process, in one thread.
class WorkerProcess : public Context {
 public:
  // What it is made from. The channel and the title must outlive it.
  struct Beginnings {
    const ipc::Channel& channel;
    pid_t master;
    process_env::ProcessTitle& title;
    ipc::SignalSet signals;
    Inheritance inheritance;
  };
  // Joins the zone, makes the service, and sends READY to the master. Errors: the reason for
  // FAILED.
  static absl::StatusOr<std::unique_ptr<WorkerProcess>> Create(Beginnings beginnings,
                                                               const ServiceFactory& factory);
  ~WorkerProcess() override;

  // Serves once SERVE has come. Returns when a drain is done, or at TERMINATE. Error: the loop
  // failed.
  absl::Status Run();
  // After Run. Cancels the tasks of the service that have not ended, and waits a moment for their
  // threads. False: one of them has not come back, and the service has been told (BeforeExit). Then
  // exit without destroying this, by _exit: the thread uses it.
  bool EndThreads();

  loop::EventLoop& loop() override { return *loop_; }
  const config::v1::Config& config() const override { return config_; }
  std::uint32_t index() const override;
  std::uint32_t slot() const override { return hello_.slot(); }
  std::uint64_t generation() const override { return hello_.generation(); }
  SlotStats& stats() override { return zone_.stats(tag_.slot()); }
  const SharedZone& zone() const override { return zone_; }
  absl::StatusOr<const UserZone*> zone(absl::string_view name) const override;
  Metrics& metrics() override { return *metrics_; }
  ThreadPool& threads() override { return threads_; }
  void Post(std::function<void()> task) override { loop_->Post(std::move(task)); }
  void Log(config::v1::Log::Level level, absl::string_view line) override {
    log_.Write(level, line);
  }
  absl::StatusOr<log::Target> OpenLog(const std::string& path) override {
    return logs_->Open(path);
  }
  bool is_draining() const override;
  bool HasHandoffRoom() override { return handoff_->HasRoom(); }
  std::size_t MostHandoffStateBytes() override { return handoff_->MostStateBytes(); }
  void HandOff(Connection connection, std::string state) override;

 private:
  WorkerProcess(const Beginnings& beginnings, config::v1::Config config,
                std::unique_ptr<ReceivedLogs> logs, ErrorLog log, SharedZone zone,
                std::vector<UserZone> user_zones, std::unique_ptr<loop::EventLoop> loop);
  absl::Status Start(Beginnings beginnings, const ServiceFactory& factory);
  void RaiseDescriptorLimit() const;
  // From now on it obeys the channel and the signals.
  absl::Status HearMaster(const ipc::Channel& channel, pid_t master, ipc::SignalSet signals);
  // Makes all that Serve starts, and the heartbeat, which beats at once.
  absl::Status PrepareToServe(Inheritance inheritance);
  WorkerStatus& status() const { return zone_.worker_status(tag_.slot()); }
  void ShowTitle();

  void OnMessage(const ipc::ReceivedMessage& message);
  void OnSignal(Command command);
  // Unimplemented: it is not a command for a worker that is ready.
  absl::Status Obey(Command command);
  absl::Status Serve();
  // A newer generation serves, and this worker has not read its DRAIN yet.
  bool IsSuperseded() const;
  void BeginDrain(Service::Idle idle);
  // Acknowledges DRAIN and QUIT once all that was given away is taken.
  void AcknowledgeDrains();
  void Acknowledge(std::uint32_t sequence, const std::string& error);
  absl::Status Reopen();
  // Shows the drain to other processes and to people: in the zone and in the title.
  void OnDrainBegun();
  void Adopt(Connection connection, std::string state);
  std::uint32_t MeasureCapacity() const;
  // In the zone, where the metrics find them.
  void PublishLostLines();

  const v1::Hello hello_;
  const std::uint32_t protocol_;
  const ipc::OwnerTag tag_;
  const config::v1::Config config_;
  process_env::ProcessTitle& title_;
  const std::unique_ptr<ReceivedLogs> logs_;
  const ErrorLog log_;
  const SharedZone zone_;
  FatalReport fatal_report_;
  std::optional<StackReport> stack_report_;
  const std::vector<UserZone> user_zones_;
  const std::unique_ptr<Metrics> metrics_;
  const std::unique_ptr<loop::EventLoop> loop_;
  ThreadPool threads_;
  ClientCounts clients_;
  ConnectionCount connections_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<Admission> admission_;
  std::unique_ptr<Acceptor> acceptor_;
  HandoffBoard handoff_board_;
  std::unique_ptr<HandoffQueue> handoff_;
  std::unique_ptr<MasterChannel> master_;
  std::unique_ptr<SignalSource> signals_;
  std::optional<Heartbeat> heartbeat_;
  std::optional<Drain> drain_;
  bool is_serving_ = false;                    // or has been
  bool is_started_ = false;                    // serves, and has said so
  std::vector<std::uint32_t> unacknowledged_;  // sequence numbers of DRAIN and QUIT
  bool is_terminated_ = false;
  std::uint64_t published_lost_lines_ = 0;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_WORKER_PROCESS_H_
