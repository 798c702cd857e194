#ifndef MUSTER_WORKER_HTTP_HANDLER_CONTEXT_H_
#define MUSTER_WORKER_HTTP_HANDLER_CONTEXT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/worker/http/handoff_state.h"
#include "muster/worker/http/pieces/handler_log.h"
#include "muster/worker/runtime/service.h"

namespace muster::worker::http {

// The worker as one handler sees it: what it hands off has the handler's name, so that it comes to
// the same handler elsewhere. Everything else is the worker's.
class HandlerContext final : public Context {
 public:
  // `context` outlives it.
  HandlerContext(Context& context, std::string handler)
      : context_(context), handler_(std::move(handler)), log_(context) {}

  // Of the mistakes of the handler.
  HandlerLog& log() { return log_; }

  loop::EventLoop& loop() override { return context_.loop(); }
  const config::v1::Config& config() const override { return context_.config(); }
  std::uint32_t index() const override { return context_.index(); }
  std::uint32_t slot() const override { return context_.slot(); }
  std::uint64_t generation() const override { return context_.generation(); }
  SlotStats& stats() override { return context_.stats(); }
  const SharedZone& zone() const override { return context_.zone(); }
  absl::StatusOr<const UserZone*> zone(absl::string_view name) const override {
    return context_.zone(name);
  }
  Metrics& metrics() override { return context_.metrics(); }
  ThreadPool& threads() override { return context_.threads(); }
  void Post(std::function<void()> task) override { context_.Post(std::move(task)); }
  void Log(config::v1::Log::Level level, absl::string_view line) override {
    context_.Log(level, line);
  }
  absl::StatusOr<log::Target> OpenLog(const std::string& path) override {
    return context_.OpenLog(path);
  }
  bool is_draining() const override { return context_.is_draining(); }
  bool HasHandoffRoom() override { return context_.HasHandoffRoom(); }
  std::size_t MostHandoffStateBytes() override {
    return context_.MostHandoffStateBytes() - kMostUpgradedBytes;
  }
  void HandOff(worker::Connection connection, std::string state) override {
    context_.HandOff(std::move(connection),
                     UpgradedState{.handler = handler_, .state = state}.Serialize());
  }

 private:
  Context& context_;
  const std::string handler_;
  HandlerLog log_;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_HANDLER_CONTEXT_H_
