#include "muster/worker/http/files/representation.h"

#include <unistd.h>

#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/retry.h"
#include "muster/worker/http/message/entity_tag.h"
#include "muster/worker/http/message/http_date.h"

namespace muster::worker::http {
namespace {

// Beyond any file system's resolution of time.
constexpr std::int64_t kSettleNanoseconds = 1'000'000'000;

bool IsSettled(const FileIdentity& identity) {
  timespec now = {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const std::int64_t age = static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec -
                           identity.changed_nanoseconds;
  return age > kSettleNanoseconds;
}

// False: the file became shorter, or cannot be read.
bool ReadRange(int file, ByteRange range, std::string& out) {
  std::size_t end = out.size();
  out.resize(end + static_cast<std::size_t>(range.bytes));
  while (range.bytes > 0) {
    const ssize_t read = ipc::RetryOnEintr([&] {
      return ::pread(file, out.data() + end, static_cast<std::size_t>(range.bytes),
                     static_cast<off_t>(range.first));
    });
    if (read <= 0) return false;
    end += static_cast<std::size_t>(read);
    range.first += static_cast<std::uint64_t>(read);
    range.bytes -= static_cast<std::uint64_t>(read);
  }
  return true;
}

}  // namespace

std::unique_ptr<Representation> Representation::Create(std::shared_ptr<const OpenFile> file,
                                                       ContentCoding coding,
                                                       std::uint64_t max_content_bytes,
                                                       absl::string_view type,
                                                       absl::string_view fields) {
  const bool is_settled = IsSettled(file->identity);
  const bool is_in_memory = file->size_bytes <= max_content_bytes;
  std::string content;
  if (is_in_memory) {
    if (!ReadRange(file->fd.get(), {0, file->size_bytes}, content)) return nullptr;
    // The descriptor is needed no more.
    auto closed = std::make_shared<OpenFile>();
    closed->identity = file->identity;
    closed->size_bytes = file->size_bytes;
    closed->modified_seconds = file->modified_seconds;
    closed->name = file->name;
    file = std::move(closed);
  }
  const bool is_encoded = coding != ContentCoding::kIdentity;
  std::string tag =
      MakeEntityTag(file->modified_seconds, file->size_bytes, is_encoded ? TokenOf(coding) : "");
  std::string all_fields = absl::StrCat("Last-Modified: ", FormatHttpDate(file->modified_seconds),
                                        "\r\nETag: ", tag, "\r\nAccept-Ranges: bytes\r\n");
  if (is_encoded) absl::StrAppend(&all_fields, "Content-Encoding: ", TokenOf(coding), "\r\n");
  all_fields.append(fields.data(), fields.size());
  PreparedResponse whole(200,
                         absl::StrCat("Content-Type: ", type,
                                      "\r\nContent-Length: ", file->size_bytes, "\r\n", all_fields),
                         std::move(content));
  return std::unique_ptr<Representation>(
      new Representation(std::move(file), coding, is_in_memory, is_settled, std::move(tag), type,
                         std::move(all_fields), std::move(whole)));
}

Representation::Representation(std::shared_ptr<const OpenFile> file, ContentCoding coding,
                               bool is_in_memory, bool is_settled, std::string entity_tag,
                               absl::string_view type, std::string fields, PreparedResponse whole)
    : file_(std::move(file)),
      coding_(coding),
      is_in_memory_(is_in_memory),
      is_settled_(is_settled),
      entity_tag_(std::move(entity_tag)),
      type_(type),
      fields_(std::move(fields)),
      whole_(std::move(whole)) {}

bool Representation::AppendRange(std::string& out, ByteRange range) const {
  if (!is_in_memory_) return ReadRange(file_->fd.get(), range, out);
  out.append(whole_.body(), static_cast<std::size_t>(range.first),
             static_cast<std::size_t>(range.bytes));
  return true;
}

bool Representation::IsUnchanged() const {
  return is_in_memory_ || IdentityOf(file_->fd.get()) == file_->identity;
}

std::size_t Representation::memory_bytes() const {
  // Its fields stand in three places, and each head has some bytes more.
  return sizeof(Representation) + sizeof(OpenFile) + whole_.body().capacity() +
         4 * fields_.capacity();
}

}  // namespace muster::worker::http
