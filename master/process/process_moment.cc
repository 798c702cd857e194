#include "muster/master/process/process_moment.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::master {
namespace {

// Of an argument that is told: a descriptor, a length, flags. What is longer is an address, which
// is nobody's business.
constexpr std::size_t kMostNumberBytes = 2 + 8;

// Of a file that the kernel makes up, the first bytes.
std::string FirstBytes(const std::string& path) {
  const ipc::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char bytes[1024];
  const ssize_t size = fd.valid() ? ::read(fd.get(), bytes, sizeof(bytes)) : -1;
  return size <= 0 ? "" : std::string(bytes, static_cast<std::size_t>(size));
}

char StateIn(absl::string_view stat) {
  // The name before it may have anything, also parentheses.
  const std::size_t end = stat.rfind(')');
  return end == stat.npos || end + 2 >= stat.size() ? '\0' : stat[end + 2];
}

// "NUMBER ARGUMENT... STACK INSTRUCTION", "-1 STACK INSTRUCTION" outside of one, or "running".
std::string SyscallIn(absl::string_view text) {
  std::vector<absl::string_view> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
  if (words.size() < 4 || words[0] == "-1") return "";
  words.resize(words.size() - 2);
  for (absl::string_view& word : words) {
    if (word.size() > kMostNumberBytes) word = "pointer";
  }
  return absl::StrCat(words[0], " (", absl::StrJoin(words.begin() + 1, words.end(), " "), ")");
}

absl::string_view NameOf(char state) {
  switch (state) {
    case 'R':
      return "runs";
    case 'S':
      return "sleeps";
    case 'D':
      return "sleeps where no signal reaches it";
    case 'T':
      return "is stopped by a signal";
    case 't':
      return "is stopped by a debugger";
    case 'Z':
    case 'X':
      return "is dead";
    case '\0':
      return "is not there any more";
    default:
      return "is in a state that is not known";
  }
}

}  // namespace

std::string ProcessMoment::ToString() const {
  std::string text(NameOf(state));
  if (!syscall.empty()) absl::StrAppend(&text, ", in system call ", syscall);
  if (!wchan.empty()) absl::StrAppend(&text, ", in the kernel's ", wchan);
  return text;
}

ProcessMoment MomentOf(pid_t pid) {
  const std::string folder = absl::StrCat("/proc/", pid, "/");
  ProcessMoment moment;
  moment.state = StateIn(FirstBytes(folder + "stat"));
  const std::string wchan(absl::StripAsciiWhitespace(FirstBytes(folder + "wchan")));
  if (wchan != "0") moment.wchan = wchan;
  const std::string syscall = FirstBytes(folder + "syscall");
  moment.syscall = SyscallIn(absl::StripAsciiWhitespace(syscall));
  return moment;
}

}  // namespace muster::master
