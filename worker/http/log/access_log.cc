#include "muster/worker/http/log/access_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"

namespace muster::worker::http {
absl::StatusOr<std::unique_ptr<AccessLog>> AccessLog::Open(Options options, loop::EventLoop& loop) {
  MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd file, OpenFile(options.path));
  return std::unique_ptr<AccessLog>(new AccessLog(std::move(options), std::move(file), loop));
}

AccessLog::AccessLog(Options options, ipc::UniqueFd file, loop::EventLoop& loop)
    : options_(std::move(options)),
      file_(std::move(file)),
      flush_timer_(loop, [this] { Flush(); }) {
  lines_.reserve(options_.buffer_bytes);
}

absl::StatusOr<ipc::UniqueFd> AccessLog::OpenFile(const std::string& path) {
  // O_NONBLOCK: a FIFO that nobody reads is an error, and not a worker that stands still.
  ipc::UniqueFd file(ipc::RetryOnEintr([&path] {
    return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                  0644);
  }));
  if (!file.valid()) return ipc::ErrnoStatus(absl::StrCat("open ", path));
  return file;
}

void AccessLog::Write(const AccessRecord& record) {
  if (lines_.empty()) flush_timer_.SetAfter(options_.flush_interval);
  AppendLogLine(lines_, options_.format, record);
  // Before an ordinary line would make the buffer grow.
  if (lines_.size() >= options_.buffer_bytes / 8 * 7) Flush();
}

void AccessLog::Flush() {
  flush_timer_.Cancel();
  absl::string_view rest = lines_;
  while (!rest.empty()) {
    const ssize_t written =
        ipc::RetryOnEintr([this, rest] { return ::write(file_.get(), rest.data(), rest.size()); });
    if (written <= 0) break;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  lines_.clear();
}

absl::Status AccessLog::Reopen() {
  MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd file, OpenFile(options_.path));
  Flush();
  file_ = std::move(file);
  return absl::OkStatus();
}

}  // namespace muster::worker::http
