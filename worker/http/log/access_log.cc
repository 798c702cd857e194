#include "muster/worker/http/log/access_log.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"

namespace muster::worker::http {
namespace {

constexpr std::size_t kLeastKeptBytes = 64 * 1024;

log::Sink::Options SinkOptions(std::size_t buffer_bytes) {
  // Before an ordinary line would make the buffer grow.
  return {.gather_bytes = buffer_bytes / 8 * 7,
          .most_bytes = std::max(kLeastKeptBytes, 2 * buffer_bytes)};
}

}  // namespace

absl::StatusOr<std::unique_ptr<AccessLog>> AccessLog::Open(Options options, loop::EventLoop& loop) {
  MUSTER_ASSIGN_OR_RETURN(log::Target target, options.open(options.path));
  return std::unique_ptr<AccessLog>(new AccessLog(std::move(options), std::move(target), loop));
}

AccessLog::AccessLog(Options options, log::Target target, loop::EventLoop& loop)
    : options_(std::move(options)),
      loop_(loop),
      sink_(std::move(target), SinkOptions(options_.buffer_bytes)),
      trouble_("the access log"),
      flush_timer_(loop, [this] { Flush(); }),
      report_timer_(loop, [this] { Report(); }) {}

AccessLog::~AccessLog() {
  if (sink_.Flush() || options_.report == nullptr) return;
  options_.report(absl::StrCat("the access log: ", sink_.trouble().message(),
                               "; the lines that were left are lost"));
}

void AccessLog::Write(const AccessRecord& record) {
  if (sink_.pending_bytes() == 0) flush_timer_.SetAfter(options_.flush_interval);
  AppendLogLine(sink_.buffer(), options_.format, record);
  if (sink_.EndLine()) AfterTry();
}

void AccessLog::Flush() {
  sink_.Flush();
  AfterTry();
}

void AccessLog::AfterTry() {
  if (sink_.trouble().ok()) {
    flush_timer_.Cancel();
  } else {
    flush_timer_.SetAfter(std::min<loop::Clock::duration>(options_.flush_interval, kRetryInterval));
  }
  if (trouble_.IsOfInterest(sink_.trouble(), sink_.lost_lines())) Report();
}

void AccessLog::Report() {
  const std::string text = trouble_.Note(loop_.now(), sink_.trouble(), sink_.lost_lines());
  if (!text.empty() && options_.report != nullptr) options_.report(text);
  if (trouble_.has_more() && !report_timer_.is_armed()) {
    report_timer_.SetAfter(log::TroubleReport::kInterval);
  }
}

absl::Status AccessLog::Reopen() {
  MUSTER_ASSIGN_OR_RETURN(log::Target target, options_.open(options_.path));
  sink_.Replace(std::move(target));
  AfterTry();
  return absl::OkStatus();
}

}  // namespace muster::worker::http
