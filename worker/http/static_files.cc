#include "worker/http/static_files.h"

#include <sys/random.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ipc/retry.h"
#include "worker/http/conditional.h"
#include "worker/http/entity_tag.h"
#include "worker/http/http_date.h"
#include "worker/http/status_code.h"

namespace muster::worker::http {
namespace {

using Parts = std::vector<FileTransfer::Part>;

// Up to here a body is copied behind its head and both go out in one call; beyond, sendfile
// spares the copy and costs a call of its own.
constexpr std::uint64_t kMaxCopiedBytes = 32 * 1024;

std::uint64_t BytesOf(const Parts& parts) {
  std::uint64_t bytes = 0;
  for (const FileTransfer::Part& part : parts) bytes += part.before.size() + part.range.bytes;
  return bytes;
}

// False: the file became shorter, or cannot be read.
bool AppendRange(std::string& out, int file, ByteRange range) {
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

Preconditions PreconditionsOf(const RequestHead& request) {
  return {.if_match = request.Get(FieldName::kIfMatch),
          .if_unmodified_since = request.Get(FieldName::kIfUnmodifiedSince),
          .if_none_match = request.Get(FieldName::kIfNoneMatch),
          .if_modified_since = request.Get(FieldName::kIfModifiedSince)};
}

// What the request's Range asks for, if that counts.
RangeRequest RangesOf(const RequestHead& request, const Validators& validators,
                      std::uint64_t size_bytes) {
  const auto range = request.Get(FieldName::kRange);
  if (!range.has_value() || request.method() != Method::kGet) return {};
  const auto if_range = request.Get(FieldName::kIfRange);
  if (if_range.has_value() && !IfRangeHolds(*if_range, validators)) return {};
  return ParseRange(*range, size_bytes);
}

std::string ContentRange(const ByteRange& range, std::uint64_t size_bytes) {
  return absl::StrCat("bytes ", range.first, "-", range.last(), "/", size_bytes);
}

// Nobody can make a file that has it: it is not known before.
std::string MakeBoundary() {
  std::uint64_t random[2] = {};
  ipc::RetryOnEintr([&random] { return ::getrandom(random, sizeof(random), 0); });
  return absl::StrCat(absl::Hex(random[0], absl::kZeroPad16),
                      absl::Hex(random[1], absl::kZeroPad16));
}

}  // namespace

StaticFiles::StaticFiles(FileResolver resolver, const MimeTypes& types)
    : resolver_(std::move(resolver)), types_(types) {}

Answer StaticFiles::Respond(const RequestHead& request, const RequestTarget& target,
                            Persistence persistence, absl::string_view http_date,
                            std::string& out) {
  const Exchange exchange = {request, persistence, http_date, out};
  if (request.method() != Method::kGet && request.method() != Method::kHead) {
    return Error(exchange, kMethodNotAllowed, "Allow: GET, HEAD\r\n");
  }
  FileResolver::Resolution resolution = resolver_.Resolve(target.path());
  switch (resolution.outcome) {
    case FileResolver::Outcome::kFile:
      return ServeFile(exchange, std::move(resolution.file));
    case FileResolver::Outcome::kFolder:
      return Redirect(exchange, target);
    case FileResolver::Outcome::kNotFound:
      return Error(exchange, kNotFound);
    case FileResolver::Outcome::kForbidden:
      return Error(exchange, kForbidden);
    case FileResolver::Outcome::kFailed:
      break;
  }
  return Error(exchange, kInternalServerError);
}

Answer StaticFiles::Error(const Exchange& exchange, int status, absl::string_view fields) {
  const std::size_t bytes = AppendErrorResponse(exchange.out, status, exchange.persistence,
                                                exchange.http_date, !exchange.is_head(), fields);
  return {status, bytes, nullptr};
}

Answer StaticFiles::Redirect(const Exchange& exchange, const RequestTarget& target) {
  // The path is normal, so it does not begin with two slashes and name another host.
  return Error(exchange, kMovedPermanently,
               absl::StrCat("Location: ", EncodePath(target.path()), "/", target.query(), "\r\n"));
}

Answer StaticFiles::ServeFile(const Exchange& exchange, std::shared_ptr<const OpenFile> file) {
  const std::string tag = MakeEntityTag(file->modified_seconds, file->size_bytes);
  const Validators validators = {tag, file->modified_seconds};
  const std::string fields = absl::StrCat("Last-Modified: ", FormatHttpDate(file->modified_seconds),
                                          "\r\nETag: ", tag, "\r\nAccept-Ranges: bytes\r\n");
  switch (Evaluate(PreconditionsOf(exchange.request), validators)) {
    case PreconditionResult::kProceed:
      break;
    case PreconditionResult::kFailed:
      return Error(exchange, kPreconditionFailed);
    case PreconditionResult::kNotModified: {
      ResponseHead head(exchange.out, kNotModified, exchange.persistence, exchange.http_date);
      exchange.out.append(fields);
      head.End();
      return {kNotModified, 0, nullptr};
    }
  }
  const absl::string_view type = types_.Find(file->name);
  const RangeRequest ranges = RangesOf(exchange.request, validators, file->size_bytes);
  if (ranges.kind == RangeRequest::Kind::kUnsatisfiable) {
    return Error(exchange, kRangeNotSatisfiable,
                 absl::StrCat("Content-Range: bytes */", file->size_bytes, "\r\n"));
  }
  if (ranges.ranges.size() > 1)
    return ServeRanges(exchange, std::move(file), type, fields, ranges.ranges);

  const bool is_partial = ranges.kind == RangeRequest::Kind::kPartial;
  const ByteRange range = is_partial ? ranges.ranges.front() : ByteRange{0, file->size_bytes};
  const int status = is_partial ? kPartialContent : kOk;
  const std::size_t start = exchange.out.size();
  ResponseHead head(exchange.out, status, exchange.persistence, exchange.http_date);
  head.Field("Content-Type", type).Field("Content-Length", range.bytes);
  if (is_partial) head.Field("Content-Range", ContentRange(range, file->size_bytes));
  exchange.out.append(fields);
  head.End();
  if (exchange.is_head()) return {status, 0, nullptr};
  if (range.bytes > kMaxCopiedBytes) {
    Parts parts(1);
    parts[0].range = range;
    return {status, 0, std::make_unique<FileTransfer>(std::move(file), std::move(parts))};
  }
  if (!AppendRange(exchange.out, file->fd.get(), range)) {
    exchange.out.resize(start);
    return Error(exchange, kInternalServerError);
  }
  return {status, range.bytes, nullptr};
}

Answer StaticFiles::ServeRanges(const Exchange& exchange, std::shared_ptr<const OpenFile> file,
                                absl::string_view type, absl::string_view fields,
                                const ByteRanges& ranges) {
  const std::string boundary = MakeBoundary();
  Parts parts;
  for (const ByteRange& range : ranges) {
    parts.push_back(
        {absl::StrCat(parts.empty() ? "--" : "\r\n--", boundary, "\r\nContent-Type: ", type,
                      "\r\nContent-Range: ", ContentRange(range, file->size_bytes), "\r\n\r\n"),
         range});
  }
  parts.push_back({absl::StrCat("\r\n--", boundary, "--\r\n"), {}});
  const std::uint64_t body_bytes = BytesOf(parts);
  const std::size_t start = exchange.out.size();
  ResponseHead head(exchange.out, kPartialContent, exchange.persistence, exchange.http_date);
  head.Field("Content-Type", absl::StrCat("multipart/byteranges; boundary=", boundary))
      .Field("Content-Length", body_bytes);
  exchange.out.append(fields.data(), fields.size());
  head.End();
  if (body_bytes > kMaxCopiedBytes) {
    return {kPartialContent, 0, std::make_unique<FileTransfer>(std::move(file), std::move(parts))};
  }
  for (const FileTransfer::Part& part : parts) {
    exchange.out.append(part.before);
    if (!AppendRange(exchange.out, file->fd.get(), part.range)) {
      exchange.out.resize(start);
      return Error(exchange, kInternalServerError);
    }
  }
  return {kPartialContent, body_bytes, nullptr};
}

}  // namespace muster::worker::http
