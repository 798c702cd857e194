#ifndef MUSTER_BENCH_STREAM_BENCH_WORKER_H_
#define MUSTER_BENCH_STREAM_BENCH_WORKER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/event_loop.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/metrics/metrics.h"
#include "muster/worker/runtime/connection_lease.h"
#include "muster/worker/runtime/context.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/stream/stream_service.h"
#include "muster/worker/zone/shared_zone.h"

namespace muster::bench {

// A worker, as far as a service needs one that is measured: a loop, and memory for what it counts.
// It has no process and no master. Belongs to one thread.
class BenchWorker final : public worker::Context {
 public:
  using Maker = std::function<std::unique_ptr<worker::Service>(worker::Context&)>;

  // `config` has its defaults filled in.
  BenchWorker(config::v1::Config config, const Maker& make_service);

  // Makes a connection over loopback. Its client's end, which blocks.
  ipc::UniqueFd Connect();
  // Until all clients have left. Returns the CPU time of this thread, in seconds.
  double Run();

 private:
  loop::EventLoop& loop() override { return *loop_; }
  const config::v1::Config& config() const override { return config_; }
  std::uint32_t index() const override { return 0; }
  std::uint32_t slot() const override { return 0; }
  std::uint64_t generation() const override { return 1; }
  worker::SlotStats& stats() override { return zone_.stats(tag_.slot()); }
  const worker::SharedZone& zone() const override { return zone_; }
  absl::StatusOr<const worker::UserZone*> zone(absl::string_view) const override {
    return absl::FailedPreconditionError("there are no zones");
  }
  worker::Metrics& metrics() override { return metrics_; }
  void Post(std::function<void()> task) override { loop_->Post(std::move(task)); }
  void Log(config::v1::Log::Level level, absl::string_view line) override;
  bool is_draining() const override { return false; }
  bool HasHandoffRoom() override { return false; }
  void HandOff(worker::Connection /*connection*/, std::string /*state*/) override {}

  std::unique_ptr<loop::EventLoop> loop_;
  worker::SharedZone zone_;
  worker::Metrics metrics_;
  ipc::OwnerTag tag_;
  worker::ConnectionCount connections_;
  const config::v1::Config config_;
  const std::unique_ptr<worker::Service> service_;
};

// Makes a stream service whose sessions are of the type Kind.
template <typename Kind>
std::unique_ptr<worker::Service> MakeStreamService(worker::Context& context) {
  class Protocol : public worker::Protocol {
   public:
    std::unique_ptr<worker::Session> Begin(worker::Stream& stream) override {
      return std::make_unique<Kind>(stream);
    }
    absl::StatusOr<std::unique_ptr<worker::Session>> Resume(worker::Stream& stream,
                                                            std::string /*state*/) override {
      return Begin(stream);
    }
  };
  return std::make_unique<worker::StreamService>(context, std::make_unique<Protocol>());
}

}  // namespace muster::bench

#endif  // MUSTER_BENCH_STREAM_BENCH_WORKER_H_
