#include "muster/ctl/command/config_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "muster/ctl/text/printable.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/proto/utf8.h"

namespace muster::ctl {
namespace {

// What the master takes, with some room for the rest of the call.
constexpr std::size_t kMostBytes = 63 << 10;
constexpr std::size_t kMostNameBytes = 255;
constexpr char kStdin[] = "-";

// Text format never begins with "{".
bool IsJson(const std::string& path, absl::string_view text) {
  if (path != kStdin) return absl::EndsWith(path, ".json");
  return absl::StartsWith(absl::StripLeadingAsciiWhitespace(text), "{");
}

}  // namespace

std::string NameOfConfigFile(const std::string& path) {
  return path == kStdin ? "standard input" : path;
}

absl::StatusOr<admin::v1::ConfigText> ReadConfigFile(const std::string& path) {
  const std::string name = NameOfConfigFile(path);
  ipc::UniqueFd file;
  if (path != kStdin) {
    file.reset(
        ipc::RetryOnEintr([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY); }));
    if (!file.valid()) return ipc::ErrnoStatus(absl::StrCat("open ", name));
  }
  const int fd = path == kStdin ? STDIN_FILENO : file.get();
  admin::v1::ConfigText config;
  char buffer[16 << 10];
  while (true) {
    const ssize_t got = ipc::RetryOnEintr([&] { return ::read(fd, buffer, sizeof(buffer)); });
    if (got < 0) return ipc::ErrnoStatus(absl::StrCat("read ", name));
    if (got == 0) break;
    config.mutable_text()->append(buffer, static_cast<std::size_t>(got));
    if (config.text().size() > kMostBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": is larger than ", kMostBytes,
                       " bytes, which is the most that a call can bring"));
    }
  }
  // The master takes such a file, but a call cannot bring it.
  int line = 0;
  for (const absl::string_view text : absl::StrSplit(config.text(), '\n')) {
    ++line;
    if (config::IsUtf8(text)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(name, ":", line, ": is not UTF-8, and a call can bring nothing else"));
  }
  if (IsJson(path, config.text())) config.set_format(admin::v1::ConfigText::JSON);
  if (const std::string shown = Printable(name); shown.size() <= kMostNameBytes) {
    config.set_name(shown);
  }
  return config;
}

}  // namespace muster::ctl
