#include "muster/master/process/log.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "muster/ipc/base/status.h"
#include "muster/log/inherited.h"
#include "muster/log/lost_lines.h"
#include "muster/log/target.h"
#include "muster/master/keep/state_error.h"

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

state::v1::LinesState StateOf(const log::LineLog::Left& left) {
  state::v1::LinesState state;
  state.set_pending(left.lines.lines);
  state.set_begun(left.lines.begun);
  state.set_lost_lines(left.lines.lost_lines);
  state.set_told_lost_lines(left.reported_lost_lines);
  return state;
}

absl::StatusOr<log::LineLog::Left> LeftOf(const state::v1::LinesState& state,
                                          absl::string_view field) {
  const std::string& lines = state.pending();
  if (!lines.empty() && lines.back() != '\n') {
    return StateError(absl::StrCat(field, ".pending"), "does not end with a line end");
  }
  if (state.begun() != 0 && (lines.empty() || state.begun() >= lines.find('\n'))) {
    return StateError(absl::StrCat(field, ".begun"), "is not within the first line");
  }
  if (state.told_lost_lines() > state.lost_lines()) {
    return StateError(absl::StrCat(field, ".told_lost_lines"), "is more than were lost");
  }
  return log::LineLog::Left{{lines, static_cast<std::size_t>(state.begun()), state.lost_lines()},
                            state.told_lost_lines()};
}

// Where the lines of a saved log go. Nothing: to standard error.
absl::StatusOr<std::optional<log::Target>> TargetOf(const state::v1::LogState& state,
                                                    DescriptorInheritance& inheritance) {
  if (state.path().empty()) {
    if (state.has_fd()) return StateError("log.fd", "is there without a path");
    return std::nullopt;
  }
  ipc::UniqueFd fd;
  if (state.has_fd()) {
    MUSTER_ASSIGN_OR_RETURN(fd, inheritance.Adopt(state.fd(), "log.fd"));
  } else if (log::InheritedDescriptor(state.path()).has_value()) {
    // It is as it was at the start of the program before.
    return log::Target::Open(state.path());
  }
  return log::Target::Adopt(std::move(fd), state.path());
}

}  // namespace

Log::Log(StandardError use) : use_(use) {
  auto standard_error = log::Target::Open("/dev/stderr");
  if (standard_error.ok()) standard_error_.emplace(*std::move(standard_error), "");
}

absl::Status Log::Configure(const config::v1::Log& config, Echo echo, const Opener& open) {
  std::optional<log::Target> opened;
  // Only this thread changes the path.
  if (!config.path().empty() && config.path() != path_) {
    MUSTER_ASSIGN_OR_RETURN(opened, open(config.path()));
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  if (echo == Echo::kNo && use_ == StandardError::kUntilServing) standard_error_.reset();
  if (opened.has_value()) ReplaceFile(*std::move(opened));
  if (config.path().empty()) file_.reset();
  path_ = config.path();
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

absl::Status Log::Reopen(const Opener& open) {
  if (path_.empty()) return absl::OkStatus();
  MUSTER_ASSIGN_OR_RETURN(log::Target target, open(path_));
  const std::lock_guard<std::mutex> lock(mutex_);
  ReplaceFile(std::move(target));
  return absl::OkStatus();
}

void Log::ReplaceFile(log::Target target) {
  if (file_.has_value()) {
    file_->Replace(std::move(target));
  } else {
    file_.emplace(std::move(target), "");
    file_trouble_.emplace("the log");
  }
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
  if (resumption_.has_value()) {
    if (resumption_->lines.size() < kMostHeldLines) resumption_->lines.emplace_back(severity, text);
    return;
  }
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
  if (resumption_.has_value()) return;
  if (standard_error_.has_value()) standard_error_->Flush();
  if (!file_.has_value()) return;
  file_->Flush();
  const std::string trouble =
      file_trouble_->Note(now, file_->sink().trouble(), file_->sink().lost_lines());
  if (!trouble.empty() && standard_error_.has_value()) {
    standard_error_->Write(config::v1::Log::WARN, trouble);
  }
}

state::v1::LogState Log::Save(DescriptorKeep& keep) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  state::v1::LogState state;
  state.set_path(path_);
  state.set_level(level_);
  state.set_audits_as_json(audits_as_json_);
  state.set_lost_lines(log::LostLines());
  if (standard_error_.has_value())
    *state.mutable_standard_error() = StateOf(standard_error_->left());
  if (!file_.has_value()) return state;
  *state.mutable_file() = StateOf(file_->left());
  const int fd = file_->sink().target().own_fd();
  if (fd >= 0) state.set_fd(keep.Add(fd));
  return state;
}

absl::Status Log::Restore(const state::v1::LogState& state, DescriptorInheritance& inheritance) {
  if (!config::v1::Log::Level_IsValid(state.level())) {
    return StateError("log.level", absl::StrCat("is ", state.level(), ", which is no level"));
  }
  Resumption resumption;
  MUSTER_ASSIGN_OR_RETURN(resumption.standard_error_left,
                          LeftOf(state.standard_error(), "log.standard_error"));
  MUSTER_ASSIGN_OR_RETURN(resumption.file_left, LeftOf(state.file(), "log.file"));
  resumption.lost_lines = state.lost_lines();
  MUSTER_ASSIGN_OR_RETURN(resumption.file, TargetOf(state, inheritance));
  const std::lock_guard<std::mutex> lock(mutex_);
  path_ = state.path();
  level_ = state.level();
  audits_as_json_ = state.audits_as_json();
  resumption_.emplace(std::move(resumption));
  return absl::OkStatus();
}

void Log::Begin() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!resumption_.has_value()) return;
  Resumption begun = *std::move(resumption_);
  resumption_.reset();
  log::CountLostLines(begun.lost_lines);
  if (standard_error_.has_value()) standard_error_->Resume(std::move(begun.standard_error_left));
  if (begun.file.has_value()) {
    file_.emplace(*std::move(begun.file), "");
    file_->Resume(std::move(begun.file_left));
    file_trouble_.emplace("the log");
  }
  for (const auto& [severity, text] : begun.lines) WriteLines(severity, text);
}

}  // namespace muster::master
