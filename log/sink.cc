#include "muster/log/sink.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/log/lost_lines.h"
#include "muster/log/printable.h"

namespace muster::log {

Sink::Sink(Target target, Options options)
    : target_(std::move(target)), options_(options), enough_bytes_(options.gather_bytes) {
  buffer_.reserve(options_.gather_bytes / 7 * 8);
}

Sink::~Sink() {
  if (!Flush()) Lose(static_cast<std::uint64_t>(std::count(buffer_.begin(), buffer_.end(), '\n')));
}

void Sink::Lose(std::uint64_t lines) {
  lost_lines_ += lines;
  CountLostLines(lines);
}

bool Sink::Write(absl::string_view line) {
  buffer_.append(line.data(), line.size());
  return EndLine();
}

bool Sink::EndLineThatIsEnough() {
  bool is_time = true;
  if (!trouble_.ok()) {
    since_try_ += buffer_.size() - lines_end_;
    lines_end_ = buffer_.size();
    is_time = since_try_ >= std::min(options_.gather_bytes, kRetryBytes);
  }
  if (is_time) Flush();
  if (buffer_.size() > options_.most_bytes) DropLastLine();
  return is_time;
}

void Sink::DropLastLine() {
  const std::size_t before = buffer_.rfind('\n', buffer_.size() - 2);
  const std::size_t begin = before == buffer_.npos ? 0 : before + 1;
  if (begin == 0 && begun_ > 0) return;
  buffer_.resize(begin);
  lines_end_ = begin;
  Lose(1);
}

bool Sink::Flush() {
  since_try_ = 0;
  std::size_t written = begun_;
  int error = 0;
  while (written < buffer_.size() && error == 0) {
    const std::size_t end = PieceEnd(written);
    const ssize_t size = target_.Write(absl::string_view(buffer_).substr(written, end - written));
    if (size > 0) {
      written += static_cast<std::size_t>(size);
    } else {
      error = size < 0 ? errno : EAGAIN;
    }
  }
  if (error == 0) {
    buffer_.clear();
    lines_end_ = begun_ = 0;
    if (!trouble_.ok()) trouble_ = absl::OkStatus();
    enough_bytes_ = options_.gather_bytes;
    return true;
  }
  Forget(written);
  trouble_ = ipc::ErrnoStatus(absl::StrCat("write ", target_.name()), error);
  enough_bytes_ = 0;
  return false;
}

std::size_t Sink::PieceEnd(std::size_t begin) {
  if (target_.is_file() || buffer_.size() - begin <= Target::kPieceBytes) return buffer_.size();
  const std::size_t last = buffer_.rfind('\n', begin + Target::kPieceBytes - 1);
  if (last != buffer_.npos && last >= begin) return last + 1;
  const std::size_t end = buffer_.find('\n', begin);
  std::string line = buffer_.substr(begin, end - begin);
  CutLine(line, Target::kPieceBytes - 1);
  buffer_.replace(begin, end - begin, line);
  return begin + line.size() + 1;
}

void Sink::Forget(std::size_t written) {
  const std::size_t before = written == 0 ? buffer_.npos : buffer_.rfind('\n', written - 1);
  const std::size_t lines = before == buffer_.npos ? 0 : before + 1;
  // What an earlier try has begun is not at the end of the file for sure.
  const bool is_new = lines > 0 || begun_ == 0;
  begun_ = written - lines;
  if (begun_ > 0 && is_new && target_.TakeBack(begun_)) begun_ = 0;
  buffer_.erase(0, lines);
  lines_end_ = buffer_.size();
}

void Sink::Resume(Left left) {
  buffer_ = std::move(left.lines);
  begun_ = left.begun;
  lost_lines_ = left.lost_lines;
  Flush();
}

void Sink::Replace(Target target) {
  Flush();
  target_ = std::move(target);
  begun_ = 0;
  Flush();
}

}  // namespace muster::log
