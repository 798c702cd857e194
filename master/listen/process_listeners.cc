#include "muster/master/listen/process_listeners.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/status.h"

namespace muster::master {
namespace {

namespace fs = std::filesystem;

constexpr char kListening[] = "0A";               // TCP_LISTEN
constexpr std::uint32_t kAccepting = 0x00010000;  // __SO_ACCEPTCON

// "socket:[4711]" of each, in the kernel's own words, without what is around the number.
absl::StatusOr<std::set<std::string>> SocketsOf(pid_t pid) {
  const std::string folder = absl::StrCat("/proc/", pid, "/fd");
  std::set<std::string> sockets;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  if (error) return ipc::ErrnoStatus(absl::StrCat("open ", folder), error.value());
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code gone;
    const std::string target = fs::read_symlink(entry->path(), gone).string();
    if (absl::StartsWith(target, "socket:[")) sockets.insert(target.substr(8, target.size() - 9));
  }
  return sockets;
}

std::vector<std::string> WordsOf(const std::string& line) {
  return absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
}

// "0100007F:1F90" → "127.0.0.1:8080": words of 32 bits as this machine has them, and a port.
std::string TcpAddress(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, ':');
  std::uint32_t port = 0;
  std::uint32_t words[4] = {};
  const std::size_t count = parts.first.size() / 8;
  if ((count != 1 && count != 4) || !absl::SimpleHexAtoi(parts.second, &port)) return "";
  for (std::size_t i = 0; i < count; ++i) {
    if (!absl::SimpleHexAtoi(parts.first.substr(8 * i, 8), &words[i])) return "";
  }
  char host[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(count == 1 ? AF_INET : AF_INET6, words, host, sizeof(host));
  return count == 1 ? absl::StrCat(host, ":", port) : absl::StrCat("[", host, "]:", port);
}

void Add(const std::string& text, std::vector<listen::Address>* addresses) {
  if (auto address = listen::Address::Parse(text); address.ok()) addresses->push_back(*address);
}

void AddTcp(const char* table, const std::set<std::string>& sockets,
            std::vector<listen::Address>* addresses) {
  std::ifstream stream(table);
  std::string line;
  while (std::getline(stream, line)) {
    const std::vector<std::string> words = WordsOf(line);
    if (words.size() < 10 || words[3] != kListening || sockets.count(words[9]) == 0) continue;
    Add(TcpAddress(words[1]), addresses);
  }
}

void AddUnix(const std::set<std::string>& sockets, std::vector<listen::Address>* addresses) {
  std::ifstream stream("/proc/self/net/unix");
  std::string line;
  while (std::getline(stream, line)) {
    const std::vector<std::string> words = WordsOf(line);
    std::uint32_t flags = 0;
    if (words.size() < 8 || sockets.count(words[6]) == 0 ||
        !absl::SimpleHexAtoi(words[3], &flags) || (flags & kAccepting) == 0) {
      continue;
    }
    // The path is the rest of the line, blanks included.
    const std::size_t inode = line.find(absl::StrCat(" ", words[6], " "));
    Add(absl::StrCat("unix:", line.substr(inode + words[6].size() + 2)), addresses);
  }
}

// Of all threads: the kernel lists a child at the thread that started it.
std::vector<pid_t> Children() {
  std::vector<pid_t> children;
  std::error_code error;
  fs::directory_iterator thread("/proc/self/task", error);
  for (; !error && thread != fs::directory_iterator(); thread.increment(error)) {
    std::ifstream stream(thread->path() / "children");
    for (pid_t child = 0; stream >> child;) children.push_back(child);
  }
  return children;
}

}  // namespace

absl::StatusOr<std::vector<listen::Address>> ListeningAddresses(pid_t pid) {
  MUSTER_ASSIGN_OR_RETURN(const std::set<std::string> sockets, SocketsOf(pid));
  std::vector<listen::Address> addresses;
  AddTcp("/proc/self/net/tcp", sockets, &addresses);
  AddTcp("/proc/self/net/tcp6", sockets, &addresses);
  AddUnix(sockets, &addresses);
  return addresses;
}

std::optional<pid_t> FindChildAt(const listen::Address& address) {
  for (const pid_t child : Children()) {
    const absl::StatusOr<std::vector<listen::Address>> addresses = ListeningAddresses(child);
    if (!addresses.ok()) continue;
    if (std::any_of(addresses->begin(), addresses->end(),
                    [&](const listen::Address& other) { return address.Overlaps(other); })) {
      return child;
    }
  }
  return std::nullopt;
}

}  // namespace muster::master
