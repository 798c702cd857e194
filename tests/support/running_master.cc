#include "muster/tests/support/running_master.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "grpcpp/grpcpp.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/retry.h"
#include "muster/master/systemd/notification_socket.h"
#include "muster/proto/admin.grpc.pb.h"

namespace muster::tests {
namespace {

using std::chrono::steady_clock;

// Below the folder in which a Bazel test runs.
std::string Runfile(const std::string& path) { return std::filesystem::absolute(path).string(); }

// A folder under /tmp: the name of a Unix socket must be short.
std::string MakeFolder() {
  char name[] = "/tmp/muster-story-XXXXXX";
  MUSTER_CHECK(::mkdtemp(name) != nullptr, "mkdtemp");
  return name;
}

absl::Status StatusOf(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace

struct RunningMaster::Client {
  std::unique_ptr<admin::v1::Admin::Stub> stub;
};

std::string RunningMaster::Config(const std::string& more, const std::string& http) {
  return absl::StrCat(R"(
worker_processes: 2
listen { address: "127.0.0.1:0" }
admin { listen: "unix:admin.sock" }
pid_file: "muster.pid"
)",
                      more, R"(
http {
  location { path: "/" root: "site" }
  location { path: "/stub_status" stub_status {} }
  access_log { path: "access.log" }
)",
                      http, "}\n");
}

std::string RunningMaster::ConfigOfOneWorker(const std::string& more, const std::string& http) {
  return absl::StrReplaceAll(Config(more, http), {{"worker_processes: 2", "worker_processes: 1"}});
}

RunningMaster::RunningMaster(const std::string& config, const std::string& worker,
                             const std::string& master)
    : worker_(worker.empty() ? "" : Runfile(worker)),
      program_(Runfile(master)),
      folder_(MakeFolder()),
      notifications_(std::make_unique<const master::NotificationSocket>(path("notify.sock"))) {
  ::mkdir(path("site").c_str(), 0700);
  WriteFile(path("site/index.html"), "<h1>first</h1>\n");
  WriteConfig(config);
}

RunningMaster::~RunningMaster() {
  master_.reset();
  if (is_folder_kept_) return;
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void RunningMaster::WriteConfig(const std::string& config) const {
  WriteFile(path("muster.textproto"), config);
}

void RunningMaster::Launch(const std::function<bool()>& prepare) {
  std::vector<std::string> arguments = starter_;
  arguments.insert(arguments.end(), {program_, "-c", path("muster.textproto")});
  if (!worker_.empty()) arguments.insert(arguments.end(), {"--worker", worker_});
  arguments.insert(arguments.end(), arguments_.begin(), arguments_.end());
  master_ = std::make_unique<ChildProcess>(
      folder_, arguments,
      std::vector<std::string>{absl::StrCat("NOTIFY_SOCKET=", path("notify.sock"))}, prepare);
}

bool RunningMaster::Start(const std::function<bool()>& prepare) {
  Launch(prepare);
  if (!AwaitNotification("READY=1")) return false;
  Connect();
  return true;
}

void RunningMaster::Connect() {
  address_.clear();
  // The first is where a configuration that does not say has it.
  const std::string usual = path("run/admin.sock");
  const std::string admin = std::filesystem::exists(usual) ? usual : path("admin.sock");
  admin_ = std::make_unique<Client>(Client{admin::v1::Admin::NewStub(
      grpc::CreateChannel(absl::StrCat("unix:", admin), grpc::InsecureChannelCredentials()))});
}

bool RunningMaster::AwaitNotification(const std::string& start) {
  const ipc::UniqueFd master = OpenProcess(master_->pid());
  const auto deadline = steady_clock::now() + kPatience;
  while (steady_clock::now() < deadline) {
    pollfd wait[] = {{.fd = notifications_->fd(), .events = POLLIN, .revents = 0},
                     {.fd = master.get(), .events = POLLIN, .revents = 0}};
    if (::poll(wait, 2, 1000) <= 0) continue;
    if (wait[0].revents == 0) return false;
    const auto message = notifications_->Receive();
    if (message.has_value() && absl::StartsWith(message->text, start)) return true;
  }
  return false;
}

std::string RunningMaster::address() {
  if (address_.empty()) {
    const admin::v1::Status status = Status();
    if (status.master().listen_size() > 0) address_ = status.master().listen(0);
  }
  return address_;
}

admin::v1::Status RunningMaster::Status() {
  admin::v1::Status status;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  admin_->stub->GetStatus(&context, admin::v1::GetStatusRequest(), &status);
  return status;
}

bool RunningMaster::AwaitStatus(const std::function<bool(const admin::v1::Status&)>& is_wanted) {
  const auto deadline = steady_clock::now() + kPatience;
  while (steady_clock::now() < deadline) {
    if (is_wanted(Status())) return true;
  }
  return false;
}

std::vector<pid_t> RunningMaster::WorkerPids() {
  std::vector<pid_t> pids;
  const admin::v1::Status status = Status();
  for (const admin::v1::Worker& worker : status.workers()) {
    if (worker.pid() != 0) pids.push_back(worker.pid());
  }
  return pids;
}

absl::Status RunningMaster::Reload() {
  admin::v1::ReloadResponse response;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  return StatusOf(admin_->stub->Reload(&context, admin::v1::ReloadRequest(), &response));
}

absl::StatusOr<admin::v1::Event> RunningMaster::AwaitEvent(admin::v1::Event::Kind kind) {
  admin::v1::WatchEventsRequest request;
  request.set_from(next_event_);
  request.add_kind(kind);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  const auto stream = admin_->stub->WatchEvents(&context, request);
  admin::v1::WatchEventsResponse response;
  while (stream->Read(&response)) {
    for (const admin::v1::Event& event : response.events()) {
      if (event.kind() != kind) continue;
      context.TryCancel();
      next_event_ = event.number() + 1;
      return event;
    }
  }
  return StatusOf(stream->Finish());
}

Finished RunningMaster::Ctl(const std::vector<std::string>& arguments) {
  std::vector<std::string> all = {Runfile("ctl/ctl"), "--master",
                                  absl::StrCat("unix:", path("admin.sock"))};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return RunToItsEnd(all);
}

Finished RunningMaster::Master(const std::vector<std::string>& arguments) {
  std::vector<std::string> all = {program_};
  if (!worker_.empty()) all.insert(all.end(), {"--worker", worker_});
  all.insert(all.end(), arguments.begin(), arguments.end());
  return RunToItsEnd(all);
}

Finished RunningMaster::RunToItsEnd(const std::vector<std::string>& arguments) {
  ChildProcess child(folder_, arguments);
  const std::optional<int> exit = child.Wait();
  return {exit.value_or(-1), child.output(), child.errors()};
}

}  // namespace muster::tests
