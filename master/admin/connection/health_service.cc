#include "muster/master/admin/connection/health_service.h"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace muster::master {
namespace {

constexpr char kWatch[] = "/grpc.health.v1.Health/Watch";

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

HealthCheckResponse::ServingStatus StatusOf(std::optional<bool> state) {
  if (!state.has_value()) return HealthCheckResponse::SERVICE_UNKNOWN;
  return *state ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
}

// One call of Watch. It deletes itself when gRPC is done with it. At most one message is on its way
// to the client; what changes meanwhile is sent after it, and only the last of that.
class WatchCall final : public grpc::ServerWriteReactor<HealthCheckResponse>,
                        private HealthBoard::Watcher {
 public:
  WatchCall(HealthBoard& board, const std::string& name, std::atomic<int>& count,
            const StreamFollower& follow, const grpc::ServerContextBase& context)
      : board_(board), count_(count) {
    count_.fetch_add(1, std::memory_order_relaxed);
    following_ = follow(kWatch, context, [this](const grpc::Status& why) { FinishOnce(why); });
    board_.Add(name, this);
  }

 private:
  // ---- Of the board, in any thread ----

  void Show(std::optional<bool> state) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    latest_ = StatusOf(state);
    SendLatest();
  }

  void End() override { FinishOnce({grpc::StatusCode::UNAVAILABLE, "the master is leaving"}); }

  // ---- Of gRPC, in its threads ----

  void OnWriteDone(bool is_written) override {
    if (!is_written) return OnCancel();
    const std::lock_guard<std::mutex> lock(mutex_);
    is_writing_ = false;
    SendLatest();
  }

  void OnCancel() override {
    board_.Remove(this);
    FinishOnce(grpc::Status::CANCELLED);
  }

  void OnDone() override {
    following_.reset();
    board_.Remove(this);
    count_.fetch_sub(1, std::memory_order_relaxed);
    delete this;
  }

  // The lock is held. gRPC calls none of the above from within StartWrite or Finish.
  void SendLatest() {
    if (is_finished_ || is_writing_ || latest_ == message_.status()) return;
    message_.set_status(latest_);
    is_writing_ = true;
    StartWrite(&message_);
  }

  void FinishOnce(const grpc::Status& status) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (is_finished_) return;
    is_finished_ = true;
    Finish(status);
  }

  HealthBoard& board_;
  std::atomic<int>& count_;
  std::shared_ptr<void> following_;
  std::mutex mutex_;
  HealthCheckResponse::ServingStatus latest_ = HealthCheckResponse::UNKNOWN;
  HealthCheckResponse message_;  // what was sent last; UNKNOWN, which nothing is: nothing was
  bool is_writing_ = false;
  bool is_finished_ = false;
};

class RefusedWatch final : public grpc::ServerWriteReactor<HealthCheckResponse> {
 public:
  explicit RefusedWatch(grpc::Status status) { Finish(std::move(status)); }

 private:
  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerUnaryReactor* HealthService::Check(grpc::CallbackServerContext* context,
                                               const HealthCheckRequest* request,
                                               HealthCheckResponse* response) {
  grpc::ServerUnaryReactor* call = context->DefaultReactor();
  if (grpc::Status may = may_call_("/grpc.health.v1.Health/Check", *context); !may.ok()) {
    call->Finish(std::move(may));
    return call;
  }
  const std::optional<bool> state = board_.Read(request->service());
  response->set_status(StatusOf(state));
  call->Finish(state.has_value() ? grpc::Status::OK
                                 : grpc::Status(grpc::StatusCode::NOT_FOUND,
                                                absl::StrCat("nothing here has the name \"",
                                                             request->service(), "\"")));
  return call;
}

grpc::ServerWriteReactor<HealthCheckResponse>* HealthService::Watch(
    grpc::CallbackServerContext* context, const HealthCheckRequest* request) {
  if (grpc::Status may = may_call_(kWatch, *context); !may.ok()) {
    return new RefusedWatch(std::move(may));
  }
  return new WatchCall(board_, request->service(), watching_, follow_, *context);
}

}  // namespace muster::master
