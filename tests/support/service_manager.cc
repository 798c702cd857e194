#include "muster/tests/support/service_manager.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace muster::tests {
namespace {

using std::chrono::steady_clock;

constexpr int kFirst = 3;

// In the child: the descriptors from 3 on, whatever has these numbers.
bool PassDescriptors(const std::vector<int>& fds) {
  std::vector<int> copies;
  for (const int fd : fds) {
    copies.push_back(::fcntl(fd, F_DUPFD_CLOEXEC, kFirst + static_cast<int>(fds.size())));
  }
  for (std::size_t i = 0; i < copies.size(); ++i) {
    if (::dup2(copies[i], kFirst + static_cast<int>(i)) < 0) return false;
  }
  // And nothing else that the test has open.
  const auto rest = static_cast<unsigned>(kFirst + copies.size());
  return ::close_range(rest, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
}

}  // namespace

ServiceManager::ServiceManager(RunningMaster& muster)
    : muster_(muster), path_(muster.path("systemd.sock")), notifications_(path_) {}

void ServiceManager::AddSocket(const std::string& name, ipc::UniqueFd socket) {
  sockets_.emplace_back(name, std::move(socket));
}

void ServiceManager::Launch() {
  is_ready_ = false;
  std::vector<int> fds;
  std::vector<std::string> names;
  for (const auto& [name, fd] : sockets_) {
    fds.push_back(fd.get());
    names.push_back(name);
  }
  for (const auto& [name, fd] : store_) {
    fds.push_back(fd.get());
    names.push_back(name);
  }
  std::string environment = absl::StrCat("NOTIFY_SOCKET=", path_);
  if (store_size_ > 0) absl::StrAppend(&environment, " FDSTORE=", store_size_);
  // The shell becomes the master: the pid is the same.
  if (!fds.empty()) {
    absl::StrAppend(&environment, " LISTEN_PID=$$ LISTEN_FDS=", fds.size(),
                    " LISTEN_FDNAMES=", absl::StrJoin(names, ":"));
  }
  muster_.SetStarter({"/bin/sh", "-c",
                      absl::StrCat("export ", environment, " ", variables_, "; exec \"$@\""),
                      "sh"});
  muster_.Launch([fds] { return PassDescriptors(fds); });
}

bool ServiceManager::Start() {
  Launch();
  if (!Await([this] { return is_ready_ || muster_.master().has_ended(); }) || !is_ready_) {
    return false;
  }
  muster_.Connect();
  return true;
}

void ServiceManager::KillAll() {
  const std::vector<pid_t> pids = muster_.WorkerPids();
  std::vector<ipc::UniqueFd> workers;
  for (const pid_t pid : pids) workers.push_back(OpenProcess(pid));
  muster_.master().Signal(SIGKILL);
  muster_.master().Wait();
  for (const pid_t pid : pids) ::kill(pid, SIGKILL);
  for (const ipc::UniqueFd& worker : workers) AwaitDeath(worker.get());
}

void ServiceManager::Read() {
  while (ReadOne()) continue;
}

bool ServiceManager::Await(const std::function<bool()>& is_so) {
  const auto deadline = steady_clock::now() + kPatience;
  while (true) {
    Read();
    if (is_so()) return true;
    if (steady_clock::now() > deadline) return false;
    pollfd wait = {.fd = notifications_.fd(), .events = POLLIN, .revents = 0};
    ::poll(&wait, 1, 20);
  }
}

std::vector<std::string> ServiceManager::stored_names() {
  Read();
  std::vector<std::string> names;
  for (const auto& [name, fd] : store_) names.push_back(name);
  return names;
}

bool ServiceManager::ReadOne() {
  std::optional<master::NotificationSocket::Message> message = notifications_.Receive();
  if (!message.has_value()) return false;
  std::map<std::string, std::string> variables;
  for (absl::string_view line : absl::StrSplit(message->text, '\n')) {
    const std::pair<std::string, std::string> variable =
        absl::StrSplit(line, absl::MaxSplits('=', 1));
    variables.insert(variable);
  }
  if (variables.count("READY") > 0) is_ready_ = true;
  if (variables.count("FDSTOREREMOVE") > 0) store_.erase(variables["FDNAME"]);
  if (variables.count("FDSTORE") > 0) {
    ++stores_;
    if (static_cast<int>(store_.size()) < store_size_) {
      store_.emplace(variables["FDNAME"], std::move(message->fd));
    }
  }
  return true;
}

}  // namespace muster::tests
