#include "muster/tests/chaos/process_view.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::tests::chaos {
namespace {

// Of a process that ends meanwhile: what could be read until then.
std::string ReadAll(const std::string& path) {
  const ipc::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char buffer[16384];
  for (ssize_t n; (n = ::read(file.get(), buffer, sizeof(buffer))) > 0;) text.append(buffer, n);
  return text;
}

// What a link in /proc/PID/fd says, without what differs between two of a kind.
std::string KindOf(const std::string& target) {
  if (absl::StartsWith(target, "socket:")) return "socket";
  if (absl::StartsWith(target, "pipe:")) return "pipe";
  if (absl::StartsWith(target, "anon_inode:")) return target.substr(sizeof("anon_inode:") - 1);
  if (absl::StartsWith(target, "/memfd:")) return target.substr(1, target.find(' ') - 1);
  return "file";
}

void ReadDescriptors(Process& process) {
  std::error_code ended;
  const std::filesystem::path folder = absl::StrCat("/proc/", process.pid, "/fd");
  for (std::filesystem::directory_iterator entry(folder, ended), end; !ended && entry != end;
       entry.increment(ended)) {
    std::error_code closed;
    const std::string target = std::filesystem::read_symlink(*entry, closed).string();
    if (closed) continue;
    ++process.descriptors[KindOf(target)];
    std::uint64_t inode = 0;
    if (std::sscanf(target.c_str(), "socket:[%ju]", &inode) == 1) process.sockets.insert(inode);
  }
}

int CountZoneMappings(pid_t pid) {
  std::istringstream maps(ReadAll(absl::StrCat("/proc/", pid, "/maps")));
  int count = 0;
  for (std::string line; std::getline(maps, line);) count += absl::StrContains(line, "/memfd:");
  return count;
}

// Its name, which may have spaces and parentheses, apart.
bool ReadStat(pid_t pid, Process& process) {
  const std::string stat = ReadAll(absl::StrCat("/proc/", pid, "/stat"));
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return false;
  process.pid = pid;
  return std::sscanf(stat.c_str() + name_end + 1, " %c %d", &process.state, &process.parent) == 2;
}

}  // namespace

std::optional<Process> ReadProcess(pid_t pid) {
  Process process;
  if (!ReadStat(pid, process)) return std::nullopt;
  process.title = ReadAll(absl::StrCat("/proc/", pid, "/cmdline"));
  std::replace(process.title.begin(), process.title.end(), '\0', ' ');
  process.title.erase(process.title.find_last_not_of(' ') + 1);
  ReadDescriptors(process);
  process.zone_mappings = CountZoneMappings(pid);
  return process;
}

std::set<std::uint64_t> SocketsOf(pid_t pid) {
  Process process = {.pid = pid};
  ReadDescriptors(process);
  return process.sockets;
}

// Not every kernel has /proc/PID/task/TID/children.
std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::vector<pid_t> children;
  std::error_code ended;
  for (std::filesystem::directory_iterator entry("/proc", ended), end; !ended && entry != end;
       entry.increment(ended)) {
    pid_t pid = 0;
    Process process;
    if (absl::SimpleAtoi(entry->path().filename().string(), &pid) && ReadStat(pid, process) &&
        process.parent == parent) {
      children.push_back(pid);
    }
  }
  std::sort(children.begin(), children.end());
  return children;
}

ServerSockets ServerSocketsAt(std::uint16_t port) {
  constexpr unsigned kListens = 0x0A;
  ServerSockets sockets;
  std::istringstream table(ReadAll("/proc/net/tcp"));
  for (std::string line; std::getline(table, line);) {
    unsigned local = 0;
    unsigned remote = 0;
    unsigned state = 0;
    std::uint64_t inode = 0;
    if (std::sscanf(line.c_str(), " %*d: %*8x:%x %*8x:%x %x %*s %*s %*s %*d %*d %ju", &local,
                    &remote, &state, &inode) != 4 ||
        local != port) {
      continue;
    }
    if (state == kListens) {
      sockets.listeners.insert(inode);
    } else {
      sockets.connections[static_cast<std::uint16_t>(remote)] = inode;
    }
  }
  return sockets;
}

std::string Text(const Process& process) {
  return absl::StrCat("pid ", process.pid, " of ", process.parent, ", state ",
                      std::string(1, process.state), ", \"", process.title, "\", ",
                      absl::StrJoin(process.descriptors, " ", absl::PairFormatter("=")),
                      ", mappings ", process.zone_mappings);
}

}  // namespace muster::tests::chaos
