#include "master/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

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

void WriteTo(spdlog::logger& logger, spdlog::sink_ptr sink) {
  sink->set_pattern(kPattern);
  SinkOf(logger).set_sinks({std::move(sink)});
}

}  // namespace

Log::Log()
    : logger_(std::make_shared<spdlog::logger>("master",
                                               std::make_shared<spdlog::sinks::dist_sink_mt>())) {
  logger_->set_level(spdlog::level::info);
  logger_->flush_on(spdlog::level::trace);
  WriteTo(*logger_, std::make_shared<spdlog::sinks::stderr_sink_mt>());
}

Log::~Log() = default;

absl::Status Log::Configure(const config::v1::Log& config) {
  if (config.path() != path_) {
    if (config.path().empty()) {
      WriteTo(*logger_, std::make_shared<spdlog::sinks::stderr_sink_mt>());
    } else if (absl::Status status = OpenFile(config.path()); !status.ok()) {
      return status;
    }
    path_ = config.path();
  }
  logger_->set_level(LevelOf(config.level()));
  return absl::OkStatus();
}

absl::Status Log::Reopen() { return path_.empty() ? absl::OkStatus() : OpenFile(path_); }

absl::Status Log::OpenFile(const std::string& path) {
  try {
    WriteTo(*logger_, std::make_shared<spdlog::sinks::basic_file_sink_mt>(path));
  } catch (const spdlog::spdlog_ex& error) {
    return absl::UnavailableError(absl::StrCat("log ", path, ": ", error.what()));
  }
  return absl::OkStatus();
}

void Log::Write(Severity severity, absl::string_view text) {
  logger_->log(LevelOf(severity), spdlog::string_view_t(text.data(), text.size()));
}

}  // namespace muster::master
