#include "muster/master/admin/admin_server.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/proto/admin.grpc.pb.h"

namespace muster::master {
namespace {

// How long answers may take to reach their clients at the end. gRPC also waits for idle clients
// to hang up, which those that sleep do not.
constexpr std::chrono::milliseconds kDelivery{250};

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

void SetDuration(Duration from, google::protobuf::Duration* to) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(from);
  to->set_seconds(seconds.count());
  to->set_nanos(static_cast<std::int32_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(from - seconds).count()));
}

// " (pid 4711)" of the process that called listen(), if the kernel tells.
std::string ListenerOf(int connected) {
  ucred peer = {};
  socklen_t size = sizeof(peer);
  if (::getsockopt(connected, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 0) {
    return "";
  }
  return absl::StrCat(" (pid ", peer.pid, ")");
}

}  // namespace

// gRPC unlinks what is in its way, somebody's live socket too.
absl::Status AdminServer::MakeWay(const Address& address) {
  const std::string what = address.ToString();
  if (!address.is_unix()) {
    return absl::InvalidArgumentError(absl::StrCat(what, ": not a Unix socket; write unix:PATH"));
  }
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(address.path()).parent_path(), error);
  if (error) return ipc::ErrnoStatus(what, error.value());
  const ipc::UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(probe.get(), address.get(), address.size()) == 0 || errno == EAGAIN) {
    return absl::AlreadyExistsError(
        absl::StrCat(what, ": another process", ListenerOf(probe.get()),
                     " answers there; is it a master of this configuration? \"ctl status\" tells"));
  }
  if (errno == ENOENT || errno == ECONNREFUSED) return absl::OkStatus();
  return ipc::ErrnoStatus(what);
}

class AdminServer::Service final : public admin::v1::Admin::CallbackService {
 public:
  Service(loop::EventLoop& loop, Operations operations, Log& log)
      : loop_(loop), operations_(std::move(operations)), log_(log) {}

  // Ends the calls that wait, and every further one.
  void Close() {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_closed_ = true;
    for (grpc::ServerUnaryReactor* call : open_) call->Finish(Leaving());
    open_.clear();
  }

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const admin::v1::GetStatusRequest*,
                                      admin::v1::Status* response) override {
    return Read(context, [this, response] { *response = operations_.status(); });
  }

  grpc::ServerUnaryReactor* ListWorkers(grpc::CallbackServerContext* context,
                                        const admin::v1::ListWorkersRequest*,
                                        admin::v1::ListWorkersResponse* response) override {
    return Read(context, [this, response] {
      admin::v1::Status status = operations_.status();
      response->mutable_workers()->Swap(status.mutable_workers());
      response->mutable_ended()->Swap(status.mutable_stats()->mutable_ended());
    });
  }

  grpc::ServerUnaryReactor* GetStats(grpc::CallbackServerContext* context,
                                     const admin::v1::GetStatsRequest*,
                                     admin::v1::Stats* response) override {
    return Read(context, [this, response] {
      admin::v1::Status status = operations_.status();
      response->Swap(status.mutable_stats());
    });
  }

  grpc::ServerUnaryReactor* Reload(grpc::CallbackServerContext* context,
                                   const admin::v1::ReloadRequest*,
                                   admin::v1::ReloadResponse* response) override {
    return Change(context, "reload", operations_.reload, [this, response](const Outcome& outcome) {
      response->set_generation(outcome.generation);
      SetDuration(outcome.took, response->mutable_took());
      const admin::v1::Status status = operations_.status();
      for (const admin::v1::Worker& worker : status.workers()) {
        if (worker.generation() == outcome.generation) *response->add_workers() = worker;
      }
    });
  }

  grpc::ServerUnaryReactor* Reopen(grpc::CallbackServerContext* context,
                                   const admin::v1::ReopenRequest*,
                                   admin::v1::ReopenResponse* response) override {
    return Change(context, "reopen", operations_.reopen,
                  [response](const Outcome& outcome) { response->set_workers(outcome.reopened); });
  }

  grpc::ServerUnaryReactor* Quit(grpc::CallbackServerContext* context,
                                 const admin::v1::QuitRequest*,
                                 admin::v1::QuitResponse* response) override {
    return Change(context, "quit", operations_.quit, [response](const Outcome& outcome) {
      response->set_exited(outcome.exited);
      response->set_killed(outcome.killed);
      response->set_connections_closed(outcome.connections_closed);
    });
  }

  grpc::ServerUnaryReactor* Stop(grpc::CallbackServerContext* context,
                                 const admin::v1::StopRequest*,
                                 admin::v1::StopResponse* response) override {
    return Change(context, "stop", operations_.stop, [response](const Outcome& outcome) {
      response->set_exited(outcome.exited);
      response->set_killed(outcome.killed);
    });
  }

 private:
  static grpc::Status Leaving() { return {grpc::StatusCode::UNAVAILABLE, "the master is leaving"}; }

  // Runs `work` for a new call in the loop's thread.
  grpc::ServerUnaryReactor* Begin(grpc::CallbackServerContext* context,
                                  std::function<void(grpc::ServerUnaryReactor*)> work) {
    grpc::ServerUnaryReactor* call = context->DefaultReactor();
    const std::lock_guard<std::mutex> lock(mutex_);
    if (is_closed_) {
      call->Finish(Leaving());
      return call;
    }
    open_.insert(call);
    loop_.Post([this, call, work = std::move(work)] {
      if (IsOpen(call)) work(call);
    });
    return call;
  }

  bool IsOpen(grpc::ServerUnaryReactor* call) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return open_.count(call) != 0;
  }

  // The call's request and response are gone after this.
  void Finish(grpc::ServerUnaryReactor* call, const grpc::Status& status) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      open_.erase(call);
    }
    call->Finish(status);
  }

  grpc::ServerUnaryReactor* Read(grpc::CallbackServerContext* context, std::function<void()> fill) {
    return Begin(context, [this, fill = std::move(fill)](grpc::ServerUnaryReactor* call) {
      fill();
      Finish(call, grpc::Status::OK);
    });
  }

  // `fill` completes the response of a change that was made.
  grpc::ServerUnaryReactor* Change(grpc::CallbackServerContext* context, const char* name,
                                   const std::function<void(Reply)>& change,
                                   std::function<void(const Outcome&)> fill) {
    const std::string what = absl::StrCat("admin: ", name, " asked for over the socket");
    return Begin(context,
                 [this, what, &change, fill = std::move(fill)](grpc::ServerUnaryReactor* call) {
                   // The outcome is logged by whoever decides it.
                   log_.Write(Severity::kInfo, what);
                   change([this, fill, call](const Outcome& outcome) {
                     if (!IsOpen(call)) return;
                     if (outcome.status.ok()) fill(outcome);
                     Finish(call, ToGrpc(outcome.status));
                   });
                 });
  }

  loop::EventLoop& loop_;
  const Operations operations_;
  Log& log_;
  std::mutex mutex_;
  bool is_closed_ = false;
  std::set<grpc::ServerUnaryReactor*> open_;  // begun, not finished
};

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(const Address& address,
                                                                loop::EventLoop& loop,
                                                                Operations operations, Log& log) {
  MUSTER_RETURN_IF_ERROR(MakeWay(address));
  // gRPC's own lines are for those who debug gRPC: errors come back as statuses.
  ::setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  auto service = std::make_unique<Service>(loop, std::move(operations), log);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address.ToString(), grpc::InsecureServerCredentials());
  builder.RegisterService(service.get());
  // The mode of the socket, from its first moment on.
  const mode_t mask = ::umask(0177);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  ::umask(mask);
  if (server == nullptr) {
    return absl::UnavailableError(absl::StrCat(address.ToString(), ": the socket cannot be made"));
  }
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(service), std::move(server)));
}

AdminServer::AdminServer(std::unique_ptr<Service> service, std::unique_ptr<grpc::Server> server)
    : service_(std::move(service)), server_(std::move(server)) {}

AdminServer::~AdminServer() {
  service_->Close();
  server_->Shutdown(std::chrono::system_clock::now() + kDelivery);
  server_->Wait();
}

}  // namespace muster::master
