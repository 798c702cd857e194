#include "muster/worker/stream/output_queue.h"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "muster/ipc/base/check.h"
#include "muster/ipc/base/retry.h"

namespace muster::worker {
namespace {

constexpr std::size_t kMostParts = 64;
// A string with more memory is not kept for the next text.
constexpr std::size_t kMostSpareBytes = 256 << 10;
constexpr std::uint64_t kMostOfAFile = std::uint64_t{1} << 30;

iovec PartOf(absl::string_view text) {
  return {.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
}

}  // namespace

void OutputQueue::Append(absl::string_view text) {
  // A text of which there is always a bit left must not grow for ever.
  if (next_ == pieces_.size() && sent_bytes_ > text_.size() / 2 &&
      text_.size() + text.size() > text_.capacity()) {
    text_.erase(0, sent_bytes_);
    sent_bytes_ = 0;
  }
  text_.append(text.data(), text.size());
  bytes_ += text.size();
}

void OutputQueue::Append(absl::Cord cord) {
  if (cord.empty()) return;
  EndText();
  bytes_ += cord.size();
  pieces_.emplace_back(std::move(cord));
}

void OutputQueue::Append(FileRange range) {
  if (range.bytes == 0) return;
  EndText();
  bytes_ += range.bytes;
  file_bytes_ += range.bytes;
  pieces_.emplace_back(std::move(range));
}

void OutputQueue::EndText() {
  if (text_.empty()) return;
  if (next_ == pieces_.size() && sent_bytes_ == text_.size()) {
    text_.clear();
    sent_bytes_ = 0;
    return;
  }
  pieces_.emplace_back(std::exchange(text_, std::string()));
}

OutputQueue::Outcome OutputQueue::Send(int socket, std::uint64_t most_bytes) {
  std::uint64_t sent_now = 0;
  while (bytes_ > 0) {
    if (sent_now >= most_bytes) return Outcome::kPaused;
    const bool is_file =
        next_ < pieces_.size() && std::holds_alternative<FileRange>(pieces_[next_]);
    const std::int64_t sent =
        is_file ? SendFile(socket, most_bytes - sent_now) : SendMemory(socket);
    if (sent < 0) {
      return errno == EAGAIN || errno == EWOULDBLOCK ? Outcome::kBlocked : Outcome::kFailed;
    }
    if (sent == 0) return is_file ? Outcome::kFileEnded : Outcome::kFailed;
    Remove(static_cast<std::uint64_t>(sent));
    sent_now += static_cast<std::uint64_t>(sent);
  }
  return Outcome::kSent;
}

std::int64_t OutputQueue::SendMemory(int socket) const {
  if (next_ == pieces_.size()) {
    const absl::string_view rest = absl::string_view(text_).substr(sent_bytes_);
    return ipc::RetryOnEintr(
        [&] { return ::send(socket, rest.data(), rest.size(), MSG_NOSIGNAL); });
  }
  std::array<iovec, kMostParts> parts;
  std::size_t count = 0;
  std::size_t skipped = sent_bytes_;
  bool is_file_next = false;
  for (std::size_t i = next_; i < pieces_.size() && count < kMostParts; ++i) {
    if (const auto* text = std::get_if<std::string>(&pieces_[i])) {
      parts[count++] = PartOf(absl::string_view(*text).substr(std::exchange(skipped, 0)));
    } else if (const auto* cord = std::get_if<absl::Cord>(&pieces_[i])) {
      for (const absl::string_view chunk : cord->Chunks()) {
        if (count == kMostParts) break;
        parts[count++] = PartOf(chunk);
      }
    } else {
      is_file_next = true;
      break;
    }
  }
  if (!is_file_next && count < kMostParts && !text_.empty()) parts[count++] = PartOf(text_);
  msghdr message = {};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  return ipc::RetryOnEintr(
      [&] { return ::sendmsg(socket, &message, MSG_NOSIGNAL | (is_file_next ? MSG_MORE : 0)); });
}

std::int64_t OutputQueue::SendFile(int socket, std::uint64_t most_bytes) {
  const FileRange& range = std::get<FileRange>(pieces_[next_]);
  auto offset = static_cast<off_t>(range.offset);
  const auto count = static_cast<std::size_t>(std::min({range.bytes, most_bytes, kMostOfAFile}));
  return ipc::RetryOnEintr([&] { return ::sendfile(socket, range.file->get(), &offset, count); });
}

void OutputQueue::Remove(std::uint64_t size_bytes) {
  bytes_ -= size_bytes;
  while (size_bytes > 0 && next_ < pieces_.size()) {
    Piece& piece = pieces_[next_];
    std::uint64_t left = 0;
    std::uint64_t here = 0;
    if (auto* range = std::get_if<FileRange>(&piece)) {
      here = std::min(range->bytes, size_bytes);
      range->offset += here;
      range->bytes -= here;
      file_bytes_ -= here;
      left = range->bytes;
    } else if (auto* cord = std::get_if<absl::Cord>(&piece)) {
      here = std::min<std::uint64_t>(cord->size(), size_bytes);
      cord->RemovePrefix(here);
      left = cord->size();
    } else {
      const std::size_t size = std::get<std::string>(piece).size();
      here = std::min<std::uint64_t>(size - sent_bytes_, size_bytes);
      sent_bytes_ += here;
      left = size - sent_bytes_;
    }
    size_bytes -= here;
    if (left == 0) PopFront();
  }
  sent_bytes_ += size_bytes;  // of the text
  if (bytes_ > 0) return;
  text_.clear();
  sent_bytes_ = 0;
}

void OutputQueue::PopFront() {
  pieces_[next_] = std::string();
  sent_bytes_ = 0;
  ++next_;
  // Where there is always a bit left, the sent ones go from time to time.
  if (next_ < pieces_.size() && next_ <= pieces_.size() / 2) return;
  pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(next_));
  next_ = 0;
}

std::string OutputQueue::Take() {
  MUSTER_CHECK(!has_file(), "a file is not taken as text");
  std::string taken;
  taken.reserve(bytes_);
  std::size_t skipped = sent_bytes_;
  for (std::size_t i = next_; i < pieces_.size(); ++i) {
    if (const auto* text = std::get_if<std::string>(&pieces_[i])) {
      taken.append(*text, std::exchange(skipped, 0));
    } else {
      for (const absl::string_view chunk : std::get<absl::Cord>(pieces_[i]).Chunks()) {
        taken.append(chunk.data(), chunk.size());
      }
    }
  }
  taken.append(text_, skipped);
  Clear();
  return taken;
}

void OutputQueue::Clear() { *this = OutputQueue(); }

void OutputQueue::Lend(std::string& spare) {
  if (bytes_ == 0 && text_.capacity() < spare.capacity()) text_.swap(spare);
}

void OutputQueue::GiveBack(std::string& spare) {
  if (bytes_ > 0) return;
  text_.clear();
  if (text_.capacity() <= kMostSpareBytes && text_.capacity() > spare.capacity()) text_.swap(spare);
  if (text_.capacity() > 0) std::string().swap(text_);
}

}  // namespace muster::worker
