#include "muster/worker/runtime/error_log.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/log/inherited.h"
#include "muster/log/target.h"

namespace muster::worker {
namespace {

absl::StatusOr<log::Target> OpenLog(const std::string& path, const ErrorLog::OpenTarget& open) {
  if (!path.empty()) return open(path);
  absl::StatusOr<log::Target> standard_error = log::Target::Open("/dev/stderr");
  return standard_error.ok() ? std::move(standard_error) : log::Target::Open("/dev/null");
}

absl::Status MakeStandardError(const log::Target& target) {
  return target.own_fd() < 0 ? absl::OkStatus() : log::ReplaceStandardError(target.own_fd());
}

}  // namespace

absl::StatusOr<ErrorLog> ErrorLog::Open(const config::v1::Log& config, std::string writer,
                                        const ipc::Gauge* level_in_force, OpenTarget open) {
  MUSTER_ASSIGN_OR_RETURN(log::Target target, OpenLog(config.path(), open));
  MUSTER_RETURN_IF_ERROR(MakeStandardError(target));
  return ErrorLog(config, level_in_force, std::move(open),
                  std::unique_ptr<Lines>(
                      new Lines{{}, log::LineLog(std::move(target), absl::StrCat(writer, ": "))}));
}

absl::Status ErrorLog::Reopen() const {
  if (path_.empty()) return absl::OkStatus();
  MUSTER_ASSIGN_OR_RETURN(log::Target target, OpenLog(path_, open_));
  MUSTER_RETURN_IF_ERROR(MakeStandardError(target));
  const std::lock_guard<std::mutex> lock(lines_->mutex);
  lines_->log.Replace(std::move(target));
  return absl::OkStatus();
}

config::v1::Log::Level ErrorLog::level() const {
  if (level_in_force_ == nullptr) return level_;
  // Any process that has the zone may have written it.
  const std::int64_t value = level_in_force_->value() - 1;
  if (value < config::v1::Log::DEBUG || value > config::v1::Log::ERROR) return level_;
  return static_cast<config::v1::Log::Level>(value);
}

void ErrorLog::Write(config::v1::Log::Level level, absl::string_view message) const {
  if (level < this->level()) return;
  const std::lock_guard<std::mutex> lock(lines_->mutex);
  lines_->log.Write(level, message);
}

void ErrorLog::Flush() const {
  const std::lock_guard<std::mutex> lock(lines_->mutex);
  lines_->log.Flush();
}

}  // namespace muster::worker
