#include "worker/http/access_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ipc/retry.h"
#include "ipc/status.h"

namespace muster::worker::http {
namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;
constexpr std::chrono::seconds kFlushDelay(1);

bool IsPlain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= ' ' && byte < 0x7f && c != '"' && c != '\\';
}

void AppendEscaped(std::string& out, absl::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  while (!text.empty()) {
    const auto special = std::find_if_not(text.begin(), text.end(), IsPlain);
    out.append(text.begin(), special);
    text.remove_prefix(static_cast<std::size_t>(special - text.begin()));
    if (text.empty()) break;
    const auto byte = static_cast<unsigned char>(text.front());
    out.append("\\x");
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
    text.remove_prefix(1);
  }
}

void AppendQuoted(std::string& out, std::optional<absl::string_view> text) {
  out.append(" \"");
  if (text.has_value() && !text->empty()) {
    AppendEscaped(out, *text);
  } else {
    out.push_back('-');
  }
  out.push_back('"');
}

}  // namespace

absl::StatusOr<std::unique_ptr<AccessLog>> AccessLog::Open(std::string path,
                                                           loop::EventLoop& loop) {
  MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd file, OpenFile(path));
  return std::unique_ptr<AccessLog>(new AccessLog(std::move(path), std::move(file), loop));
}

AccessLog::AccessLog(std::string path, ipc::UniqueFd file, loop::EventLoop& loop)
    : path_(std::move(path)), file_(std::move(file)), flush_timer_(loop, [this] { Flush(); }) {
  lines_.reserve(kBufferBytes);
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
  if (lines_.empty()) flush_timer_.SetAfter(kFlushDelay);
  AppendAccessLine(lines_, record);
  // Before an ordinary line would make the buffer grow.
  if (lines_.size() >= kBufferBytes * 7 / 8) Flush();
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
  MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd file, OpenFile(path_));
  Flush();
  file_ = std::move(file);
  return absl::OkStatus();
}

void AppendAccessLine(std::string& out, const AccessRecord& record) {
  record.peer.AppendTo(out);
  absl::StrAppend(&out, " - - [", record.time, "]");
  AppendQuoted(out, record.request_line);
  absl::StrAppend(&out, " ", record.status, " ", record.body_bytes);
  AppendQuoted(out, record.referer);
  AppendQuoted(out, record.user_agent);
  out.push_back('\n');
}

}  // namespace muster::worker::http
