#include "muster/master/orphans/orphans.h"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/start_time.h"
#include "muster/ipc/process/pid_fd.h"
#include "muster/master/listen/process_listeners.h"
#include "muster/master/orphans/worker_list.h"

namespace muster::master {
namespace {

struct Orphan {
  ipc::PidFd process;
  std::string address;  // that it keeps
};

// What was listed, if it still runs.
std::optional<ipc::PidFd> Find(const ListedWorker& listed, const std::string& boot_id) {
  if (listed.boot_id != boot_id || listed.pid == ::getpid()) return std::nullopt;
  absl::StatusOr<ipc::PidFd> process = ipc::PidFd::Open(listed.pid);
  if (!process.ok()) return std::nullopt;
  // From here on the pid is that of this process, or of a dead one. So what /proc says of it now is
  // said of this process, if it was started when the listed one was.
  struct stat folder = {};
  if (::stat(absl::StrCat("/proc/", listed.pid).c_str(), &folder) < 0) return std::nullopt;
  if (folder.st_uid != listed.uid || ipc::StartTimeTicks(listed.pid) != listed.start_time) {
    return std::nullopt;
  }
  return *std::move(process);
}

// The address of `wanted` that the process keeps, if there is one.
std::optional<std::string> KeptAddress(pid_t pid, const std::vector<listen::Address>& wanted) {
  const absl::StatusOr<std::vector<listen::Address>> kept = ListeningAddresses(pid);
  if (!kept.ok()) return std::nullopt;
  for (const listen::Address& address : *kept) {
    for (const listen::Address& other : wanted) {
      if (other.Overlaps(address)) return address.ToString();
    }
  }
  return std::nullopt;
}

bool HasEnded(const Orphan& orphan) {
  pollfd wait = {orphan.process.fd(), POLLIN, 0};
  return ::poll(&wait, 1, 0) == 1;
}

// Removes those that have ended by the deadline, and returns how many.
int AwaitEnds(std::vector<Orphan>* orphans, ipc::Deadline deadline) {
  int ended = 0;
  while (true) {
    const auto alive = std::partition(orphans->begin(), orphans->end(),
                                      [](const Orphan& orphan) { return !HasEnded(orphan); });
    ended += static_cast<int>(orphans->end() - alive);
    orphans->erase(alive, orphans->end());
    if (orphans->empty() || deadline.has_passed()) return ended;
    std::vector<pollfd> waits;
    for (const Orphan& orphan : *orphans) waits.push_back({orphan.process.fd(), POLLIN, 0});
    if (::poll(waits.data(), waits.size(), deadline.poll_timeout()) < 0 && errno != EINTR) {
      return ended;
    }
  }
}

}  // namespace

std::vector<ListedWorker> StillRunning(const std::vector<ListedWorker>& listed) {
  const std::string boot_id = BootId();
  std::vector<ListedWorker> running;
  for (const ListedWorker& worker : listed) {
    if (Find(worker, boot_id).has_value()) running.push_back(worker);
  }
  return running;
}

int EndOrphans(const std::vector<ListedWorker>& listed, const std::vector<listen::Address>& wanted,
               Log& log, absl::Duration patience) {
  const std::string boot_id = BootId();
  std::vector<Orphan> orphans;
  for (const ListedWorker& worker : listed) {
    std::optional<ipc::PidFd> process = Find(worker, boot_id);
    if (!process.has_value()) continue;
    std::optional<std::string> address = KeptAddress(worker.pid, wanted);
    if (!address.has_value()) continue;
    log.Write(Severity::kWarning,
              absl::StrCat("a worker of a master that was killed (pid ", worker.pid,
                           ") still listens on ", *address, " and gets SIGTERM"));
    // A stopped process takes the signal when it continues.
    (void)process->Send(SIGTERM);
    (void)process->Send(SIGCONT);
    orphans.push_back({*std::move(process), *std::move(address)});
  }
  int ended = AwaitEnds(&orphans, ipc::Deadline::After(patience));
  for (const Orphan& orphan : orphans) {
    log.Write(Severity::kWarning,
              absl::StrCat("pid ", orphan.process.pid(), " has not ended after ",
                           absl::FormatDuration(patience), " and is killed"));
    (void)orphan.process.Send(SIGKILL);
  }
  ended += AwaitEnds(&orphans, ipc::Deadline::After(patience));
  for (const Orphan& orphan : orphans) {
    log.Write(Severity::kError, absl::StrCat("pid ", orphan.process.pid(), " cannot be ended"));
  }
  return ended;
}

}  // namespace muster::master
