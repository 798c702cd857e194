#include "muster/worker/http/files/representation.h"

#include <unistd.h>

#include <algorithm>
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

std::int64_t NowNanoseconds() {
  timespec now = {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

bool IsSettled(const FileIdentity& identity, std::int64_t now) {
  return now - identity.changed_nanoseconds > kSettleNanoseconds;
}

// Whether what is written now could get the same time of modification. (Not by the time of the
// inode's change, which a copy of old files has, too.)
bool IsYoung(const FileIdentity& identity, std::int64_t now) {
  // Without a sign, since a time may be at any distance.
  const std::uint64_t age_and_grain = static_cast<std::uint64_t>(now) + kSettleNanoseconds -
                                      static_cast<std::uint64_t>(identity.modified_nanoseconds);
  return age_and_grain <= 2 * kSettleNanoseconds;
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

std::unique_ptr<Representation> Representation::Create(
    std::shared_ptr<const OpenFile> file, ContentCoding coding, std::uint64_t max_content_bytes,
    std::int64_t date_seconds, absl::string_view type, absl::string_view fields) {
  const std::int64_t now = NowNanoseconds();
  const FileIdentity& identity = file->identity;
  const bool is_young = IsYoung(identity, now);
  const Age age = {.is_settled = IsSettled(identity, now),
                   .is_final = !is_young && file->modified_seconds <= now / 1'000'000'000};
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
  const absl::string_view token = is_encoded ? TokenOf(coding) : "";
  const std::int64_t modified = file->identity.modified_nanoseconds;
  std::string tag = is_young ? MakeWeakEntityTag(modified, file->size_bytes, now, token)
                             : MakeEntityTag(modified, file->size_bytes, token);
  std::string all_fields = absl::StrCat(
      "Last-Modified: ", FormatHttpDate(std::min(file->modified_seconds, date_seconds)),
      "\r\nETag: ", tag, "\r\nAccept-Ranges: bytes\r\n");
  Span coding_field = {all_fields.size(), 0};
  if (is_encoded) absl::StrAppend(&all_fields, "Content-Encoding: ", token, "\r\n");
  coding_field.bytes = all_fields.size() - coding_field.offset;
  all_fields.append(fields.data(), fields.size());
  PreparedResponse whole(200,
                         absl::StrCat("Content-Type: ", type,
                                      "\r\nContent-Length: ", file->size_bytes, "\r\n", all_fields),
                         std::move(content));
  return std::unique_ptr<Representation>(
      new Representation(std::move(file), coding, is_in_memory, age, std::move(tag), type,
                         std::move(all_fields), coding_field, std::move(whole)));
}

Representation::Representation(std::shared_ptr<const OpenFile> file, ContentCoding coding,
                               bool is_in_memory, Age age, std::string entity_tag,
                               absl::string_view type, std::string fields, Span coding_field,
                               PreparedResponse whole)
    : file_(std::move(file)),
      coding_(coding),
      is_in_memory_(is_in_memory),
      is_settled_(age.is_settled),
      is_final_(age.is_final),
      entity_tag_(std::move(entity_tag)),
      type_(type),
      fields_(std::move(fields)),
      coding_field_(coding_field),
      whole_(std::move(whole)) {}

void Representation::AppendNotModifiedFields(std::string& out) const {
  out.append(fields_, 0, coding_field_.offset);
  out.append(fields_, coding_field_.offset + coding_field_.bytes);
}

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
