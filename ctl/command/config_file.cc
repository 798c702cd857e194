#include "muster/ctl/command/config_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ctl {
namespace {

// What the master takes, with some room for the rest of the call.
constexpr std::size_t kMostBytes = 63 << 10;
constexpr std::size_t kMostNameBytes = 255;

}  // namespace

absl::StatusOr<admin::v1::ConfigText> ReadConfigFile(const std::string& path) {
  const ipc::UniqueFd fd(
      ipc::RetryOnEintr([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY); }));
  if (!fd.valid()) return ipc::ErrnoStatus(absl::StrCat("open ", path));
  admin::v1::ConfigText config;
  char buffer[16 << 10];
  while (true) {
    const ssize_t got = ipc::RetryOnEintr([&] { return ::read(fd.get(), buffer, sizeof(buffer)); });
    if (got < 0) return ipc::ErrnoStatus(absl::StrCat("read ", path));
    if (got == 0) break;
    config.mutable_text()->append(buffer, static_cast<std::size_t>(got));
    if (config.text().size() > kMostBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": is larger than ", kMostBytes,
                       " bytes, which is the most that a call can bring"));
    }
  }
  if (absl::EndsWith(path, ".json")) config.set_format(admin::v1::ConfigText::JSON);
  if (path.size() <= kMostNameBytes) config.set_name(path);
  return config;
}

}  // namespace muster::ctl
