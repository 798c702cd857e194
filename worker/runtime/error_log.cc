#include "muster/worker/runtime/error_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::worker {
namespace {

// As the master writes it, whose lines may be in the same file.
absl::string_view LevelName(config::v1::Log::Level level) {
  switch (level) {
    case config::v1::Log::DEBUG:
      return "debug  ";
    case config::v1::Log::INFO:
      return "info   ";
    case config::v1::Log::WARN:
      return "warning";
    default:
      return "error  ";
  }
}

// What a client or a service says cannot look like a line of its own.
std::string OneLine(absl::string_view message) {
  std::string line;
  line.reserve(message.size());
  for (const char c : message) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c)) && c != '\t') {
      absl::StrAppend(&line, "\\x", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    } else {
      line.push_back(c);
    }
  }
  return line;
}

}  // namespace

absl::StatusOr<ErrorLog> ErrorLog::Open(const config::v1::Log& config, std::string writer) {
  ErrorLog log(config, std::move(writer));
  MUSTER_RETURN_IF_ERROR(log.Reopen());
  return log;
}

absl::Status ErrorLog::Reopen() const {
  if (path_.empty()) return absl::OkStatus();
  const ipc::UniqueFd file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!file.valid()) return ipc::ErrnoStatus(absl::StrCat("open ", path_));
  if (ipc::RetryOnEintr([&] { return ::dup2(file.get(), STDERR_FILENO); }) < 0) {
    return ipc::ErrnoStatus(absl::StrCat("dup2 ", path_, " to standard error"));
  }
  return absl::OkStatus();
}

void ErrorLog::Write(config::v1::Log::Level level, absl::string_view message) const {
  if (level < level_) return;
  const std::string line =
      absl::StrCat(absl::FormatTime("%Y-%m-%d %H:%M:%E3S", absl::Now(), absl::LocalTimeZone()), " ",
                   LevelName(level), " ", writer_, ": ", OneLine(message), "\n");
  [[maybe_unused]] const ssize_t written =
      ipc::RetryOnEintr([&] { return ::write(STDERR_FILENO, line.data(), line.size()); });
}

}  // namespace muster::worker
