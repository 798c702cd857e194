#include "muster/master/process/log.h"

#include <fcntl.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::master {
namespace {

// "2026-11-23 15:04:05.123 info    generation 1 is ready: 2 workers"
constexpr char kPattern[] = "%Y-%m-%d %H:%M:%S.%e %-7l %v";

spdlog::level::level_enum LevelOf(Severity severity) {
  switch (severity) {
    case Severity::kDebug:
      return spdlog::level::debug;
    case Severity::kInfo:
      return spdlog::level::info;
    case Severity::kWarning:
      return spdlog::level::warn;
    case Severity::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

spdlog::level::level_enum LevelOf(config::v1::Log::Level level) {
  switch (level) {
    case config::v1::Log::DEBUG:
      return spdlog::level::debug;
    case config::v1::Log::WARN:
      return spdlog::level::warn;
    case config::v1::Log::ERROR:
      return spdlog::level::err;
    default:
      return spdlog::level::info;
  }
}

// The one sink of the logger, whose own sinks may be exchanged while others write.
spdlog::sinks::dist_sink_mt& SinkOf(spdlog::logger& logger) {
  return static_cast<spdlog::sinks::dist_sink_mt&>(*logger.sinks().front());
}

void WriteTo(spdlog::logger& logger, std::vector<spdlog::sink_ptr> sinks) {
  for (const spdlog::sink_ptr& sink : sinks) sink->set_pattern(kPattern);
  SinkOf(logger).set_sinks(std::move(sinks));
}

spdlog::sink_ptr StandardError() { return std::make_shared<spdlog::sinks::stderr_sink_mt>(); }

// spdlog tells in its own words why a file cannot be opened; these are the kernel's.
absl::Status CheckFile(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return ipc::ErrnoStatus(absl::StrCat("make the folder ", folder), error.value());
  const ipc::UniqueFd probe(ipc::RetryOnEintr([&path] {
    return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                  0644);
  }));
  if (!probe.valid()) return ipc::ErrnoStatus(absl::StrCat("open ", path));
  return absl::OkStatus();
}

}  // namespace

Log::Log()
    : logger_(std::make_shared<spdlog::logger>("master",
                                               std::make_shared<spdlog::sinks::dist_sink_mt>())) {
  logger_->set_level(spdlog::level::info);
  logger_->flush_on(spdlog::level::trace);
  WriteTo(*logger_, {StandardError()});
}

Log::~Log() = default;

absl::Status Log::Configure(const config::v1::Log& config, Echo echo) {
  if (config.path() != path_ || echo != echo_) {
    if (config.path().empty()) {
      WriteTo(*logger_, {StandardError()});
    } else if (absl::Status status = OpenFile(config.path(), echo); !status.ok()) {
      return status;
    }
    path_ = config.path();
    echo_ = echo;
  }
  logger_->set_level(LevelOf(config.level()));
  return absl::OkStatus();
}

absl::Status Log::Reopen() { return path_.empty() ? absl::OkStatus() : OpenFile(path_, echo_); }

absl::Status Log::OpenFile(const std::string& path, Echo echo) {
  MUSTER_RETURN_IF_ERROR(CheckFile(path));
  std::vector<spdlog::sink_ptr> sinks;
  try {
    sinks.push_back(std::make_shared<spdlog::sinks::basic_file_sink_mt>(path));
  } catch (const spdlog::spdlog_ex& error) {
    return absl::UnavailableError(absl::StrCat("log ", path, ": ", error.what()));
  }
  if (echo == Echo::kYes) {
    sinks.push_back(StandardError());
    sinks.back()->set_level(spdlog::level::warn);
  }
  WriteTo(*logger_, std::move(sinks));
  return absl::OkStatus();
}

void Log::Write(Severity severity, absl::string_view text) {
  bool is_first = true;
  for (const absl::string_view line :
       absl::StrSplit(absl::StripTrailingAsciiWhitespace(text), '\n')) {
    const std::string whole = absl::StrCat(std::exchange(is_first, false) ? "" : "  ", line);
    logger_->log(LevelOf(severity), spdlog::string_view_t(whole.data(), whole.size()));
  }
}

}  // namespace muster::master
