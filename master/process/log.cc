#include "muster/master/process/log.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "muster/ipc/base/status.h"
#include "muster/log/target.h"

namespace muster::master {
namespace {

config::v1::Log::Level LevelOf(Severity severity) {
  switch (severity) {
    case Severity::kDebug:
      return config::v1::Log::DEBUG;
    case Severity::kInfo:
      return config::v1::Log::INFO;
    case Severity::kWarning:
      return config::v1::Log::WARN;
    case Severity::kError:
      return config::v1::Log::ERROR;
  }
  return config::v1::Log::ERROR;
}

}  // namespace

Log::Log() {
  auto standard_error = log::Target::Open("/dev/stderr");
  if (standard_error.ok()) standard_error_.emplace(*std::move(standard_error), "");
}

absl::Status Log::Configure(const config::v1::Log& config, Echo echo) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (config.path() != path_) {
    if (config.path().empty()) {
      file_.reset();
    } else {
      MUSTER_RETURN_IF_ERROR(OpenFile(config.path()));
    }
    path_ = config.path();
  }
  echo_ = echo;
  level_ = config.level();
  audits_as_json_ = config.audit() == config::v1::Log::JSON;
  return absl::OkStatus();
}

void Log::SetLevel(config::v1::Log::Level level) {
  const std::lock_guard<std::mutex> lock(mutex_);
  level_ = level;
}

config::v1::Log::Level Log::level() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return level_;
}

absl::Status Log::Reopen() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return path_.empty() ? absl::OkStatus() : OpenFile(path_);
}

absl::Status Log::OpenFile(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return ipc::ErrnoStatus(absl::StrCat("make the folder ", folder), error.value());
  MUSTER_ASSIGN_OR_RETURN(log::Target target, log::Target::Open(path));
  if (file_.has_value()) {
    file_->Replace(std::move(target));
  } else {
    file_.emplace(std::move(target), "");
    file_trouble_.emplace("the log");
  }
  return absl::OkStatus();
}

void Log::Write(Severity severity, absl::string_view text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (LevelOf(severity) >= level_) WriteLines(severity, text);
  if (listener_ && severity >= Severity::kWarning) listener_(severity, text);
}

void Log::WriteUnheard(Severity severity, absl::string_view text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (LevelOf(severity) >= level_) WriteLines(severity, text);
}

void Log::Audit(Severity severity, absl::string_view text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  WriteLines(severity, text);
}

bool Log::audits_as_json() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return audits_as_json_;
}

void Log::SetListener(Listener listener) {
  const std::lock_guard<std::mutex> lock(mutex_);
  listener_ = std::move(listener);
}

void Log::WriteLines(Severity severity, absl::string_view text) {
  const config::v1::Log::Level level = LevelOf(severity);
  const bool is_echoed =
      !file_.has_value() || (echo_ == Echo::kYes && severity >= Severity::kWarning);
  bool is_first = true;
  for (const absl::string_view line :
       absl::StrSplit(absl::StripTrailingAsciiWhitespace(text), '\n')) {
    const std::string whole = absl::StrCat(std::exchange(is_first, false) ? "" : "  ", line);
    if (file_.has_value()) file_->Write(level, whole);
    if (is_echoed && standard_error_.has_value()) standard_error_->Write(level, whole);
  }
}

void Log::Flush(std::chrono::steady_clock::time_point now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (standard_error_.has_value()) standard_error_->Flush();
  if (!file_.has_value()) return;
  file_->Flush();
  const std::string trouble =
      file_trouble_->Note(now, file_->sink().trouble(), file_->sink().lost_lines());
  if (!trouble.empty() && standard_error_.has_value()) {
    standard_error_->Write(config::v1::Log::WARN, trouble);
  }
}

}  // namespace muster::master
