#include "muster/worker/http/files/static_files.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "muster/worker/http/files/folder_listing.h"
#include "muster/worker/http/files/multipart_ranges.h"
#include "muster/worker/http/message/conditional.h"
#include "muster/worker/http/message/status_code.h"
#include "muster/worker/http/response/open_file.h"

namespace muster::worker::http {
namespace {

// Up to here a body that is not in memory is copied behind its head and both go out in one call;
// beyond, sendfile spares the copy and costs a call of its own.
constexpr std::uint64_t kMaxCopiedBytes = 32 * 1024;

constexpr char kVary[] = "Vary: Accept-Encoding\r\n";

PreconditionResult EvaluateFields(const RequestHead& request, const Validators& validators) {
  std::string match;
  std::string none_match;
  return Evaluate({.if_match = request.GetList(FieldName::kIfMatch, match),
                   .if_unmodified_since = request.Get(FieldName::kIfUnmodifiedSince),
                   .if_none_match = request.GetList(FieldName::kIfNoneMatch, none_match),
                   .if_modified_since = request.Get(FieldName::kIfModifiedSince)},
                  validators);
}

// Whether one of them was written since it was opened.
bool HaveChanged(const OpenFile& original, const OpenFiles& encoded) {
  const auto has_changed = [](const OpenFile& file) {
    return IdentityOf(file.fd.get()) != file.identity;
  };
  return has_changed(original) ||
         std::any_of(encoded.begin(), encoded.end(),
                     [&](const auto& file) { return has_changed(*file.second); });
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

}  // namespace

StaticFiles::StaticFiles(FileResolver resolver, Settings settings, const ResponseStyle& style,
                         const MimeTypes& types, OpenFileCache& cache, ListingCache& listings,
                         std::size_t location)
    : resolver_(std::move(resolver)),
      settings_(std::move(settings)),
      style_(style),
      types_(types),
      cache_(cache),
      listings_(listings),
      location_(location) {}

Answer StaticFiles::Respond(const RequestHead& request, const RequestTarget& target,
                            Persistence persistence, const DateCache& date, std::string& out) {
  const Exchange exchange = {request, persistence, date, out};
  if (request.method() == Method::kOptions) {
    style_.AppendOptions(out, persistence, date.http_date(), vary());
    return {kNoContent, 0, nullptr};
  }
  if (request.method() != Method::kGet && request.method() != Method::kHead) {
    return Error(exchange, kMethodNotAllowed, kAllowReading);
  }
  OpenFileCache::Entry* entry = cache_.Find(location_, target.path());
  if (entry != nullptr && entry->IsTrusted(date.now())) {
    Representation* selected = Select(request, entry->resource);
    if (selected == nullptr || selected->IsUnchanged()) return Serve(exchange, selected);
  }
  FileResolver::Resolution resolution = Look(target.path(), date, entry);
  switch (resolution.outcome) {
    case FileResolver::Outcome::kFile:
      return Serve(exchange, Select(request, entry->resource));
    case FileResolver::Outcome::kFolder:
      return Redirect(exchange, target);
    case FileResolver::Outcome::kNotFound:
      return Error(exchange, kNotFound);
    case FileResolver::Outcome::kNoIndex:
      if (settings_.lists_folders) return List(exchange, target, std::move(resolution.folder));
      [[fallthrough]];
    case FileResolver::Outcome::kForbidden:
      return Error(exchange, kForbidden);
    case FileResolver::Outcome::kFailed:
      break;
  }
  return Error(exchange, kInternalServerError);
}

FileResolver::Resolution StaticFiles::Look(absl::string_view path, const DateCache& date,
                                           OpenFileCache::Entry*& entry) {
  // Again, if a file became shorter or was written while it was read.
  for (int attempt = 1; attempt <= 3; ++attempt) {
    FileResolver::Resolution resolution = resolver_.Resolve(path);
    if (resolution.outcome != FileResolver::Outcome::kFile) {
      cache_.Drop(location_, path);
      return resolution;
    }
    const OpenFiles encoded = OpenEncoded(*resolution.file);
    if (entry != nullptr && entry->resource.Is(*resolution.file, encoded)) {
      cache_.Trust(*entry, date.now());
      return resolution;
    }
    std::optional<Resource> resource =
        Represent(resolution.file, encoded, date.unix_milliseconds() / 1000);
    if (!resource.has_value()) continue;
    // The tag is that of the content before. Opened again, the file is young, and has a weak one.
    if (attempt == 1 && HaveChanged(*resolution.file, encoded)) continue;
    entry = cache_.Put(location_, path, *std::move(resource), date.now());
    return resolution;
  }
  cache_.Drop(location_, path);
  return {FileResolver::Outcome::kFailed, nullptr, {}};
}

OpenFiles StaticFiles::OpenEncoded(const OpenFile& original) {
  OpenFiles files;
  for (const ContentCoding coding : settings_.codings) {
    std::shared_ptr<const OpenFile> file = resolver_.ResolveBeside(SuffixOf(coding)).file;
    // One that is older was made from another content.
    if (file == nullptr || file->modified_seconds < original.modified_seconds) continue;
    files.emplace_back(coding, std::move(file));
  }
  return files;
}

std::optional<Resource> StaticFiles::Represent(std::shared_ptr<const OpenFile> original,
                                               const OpenFiles& encoded,
                                               std::int64_t date_seconds) const {
  const OpenFileCache::Limits& limits = cache_.limits();
  const std::uint64_t max_content_bytes = limits.max_entries == 0 ? 0 : limits.max_file_bytes;
  const absl::string_view type = types_.Find(original->name);
  const std::string fields = absl::StrCat(vary(), style_.FieldsFor(kOk));
  Resource resource;
  resource.original = Representation::Create(std::move(original), ContentCoding::kIdentity,
                                             max_content_bytes, date_seconds, type, fields);
  if (resource.original == nullptr) return std::nullopt;
  for (const auto& [coding, file] : encoded) {
    auto representation =
        Representation::Create(file, coding, max_content_bytes, date_seconds, type, fields);
    if (representation == nullptr) return std::nullopt;
    resource.encoded.push_back(std::move(representation));
  }
  return resource;
}

Representation* StaticFiles::Select(const RequestHead& request, const Resource& resource) const {
  if (settings_.codings.empty()) return resource.original.get();
  std::string accept_encoding;
  return resource.Select(request.GetList(FieldName::kAcceptEncoding, accept_encoding));
}

absl::string_view StaticFiles::vary() const { return settings_.codings.empty() ? "" : kVary; }

Answer StaticFiles::Error(const Exchange& exchange, int status, absl::string_view fields) const {
  const std::size_t bytes =
      style_.AppendError(exchange.out, status, exchange.persistence, exchange.date.http_date(),
                         !exchange.is_head(), absl::StrCat(fields, vary()));
  return {status, bytes, nullptr};
}

const std::string* StaticFiles::ListingOf(absl::string_view path, ipc::UniqueFd folder,
                                          const DateCache& date) {
  const std::optional<FileIdentity> identity = IdentityOf(folder.get());
  if (!identity.has_value()) return nullptr;
  const std::string* page = listings_.Find(location_, path, *identity, date.now());
  if (page != nullptr) return page;
  const std::optional<FolderListing> listing = ReadFolder(std::move(folder));
  if (!listing.has_value()) return nullptr;
  const std::int64_t age_milliseconds =
      date.unix_milliseconds() - identity->changed_nanoseconds / 1'000'000;
  const auto young = std::chrono::milliseconds(ListingCache::kMostTrustOfYoung);
  return &listings_.Put(location_, path, *identity, FormatListing(path, *listing), date.now(),
                        age_milliseconds <= young.count() ? ListingCache::Folder::kYoung
                                                          : ListingCache::Folder::kSettled);
}

Answer StaticFiles::List(const Exchange& exchange, const RequestTarget& target,
                         ipc::UniqueFd folder) {
  const std::string* listing = ListingOf(target.path(), std::move(folder), exchange.date);
  if (listing == nullptr) return Error(exchange, kInternalServerError);
  const std::string& page = *listing;
  ResponseHead head(exchange.out, kOk, exchange.persistence, exchange.date.http_date());
  head.Field("Content-Type", "text/html; charset=utf-8").Field("Content-Length", page.size());
  absl::StrAppend(&exchange.out, vary(), style_.FieldsFor(kOk));
  head.End();
  if (exchange.is_head()) return {kOk, 0, nullptr};
  exchange.out.append(page);
  return {kOk, page.size(), nullptr};
}

Answer StaticFiles::Redirect(const Exchange& exchange, const RequestTarget& target) const {
  // The path is normal, so it does not begin with two slashes and name another host.
  return Error(exchange, kMovedPermanently,
               absl::StrCat("Location: ", EncodePath(target.path()), "/",
                            EncodeQuery(target.query()), "\r\n"));
}

Answer StaticFiles::Serve(const Exchange& exchange, Representation* selected) const {
  if (selected == nullptr) return Error(exchange, kNotAcceptable);
  Representation& file = *selected;
  if (!exchange.request.is_conditional_or_partial()) return ServeWhole(exchange, file);
  switch (EvaluateFields(exchange.request, file.validators())) {
    case PreconditionResult::kProceed:
      break;
    case PreconditionResult::kFailed:
      return Error(exchange, kPreconditionFailed);
    case PreconditionResult::kNotModified: {
      ResponseHead head(exchange.out, kNotModified, exchange.persistence,
                        exchange.date.http_date());
      file.AppendNotModifiedFields(exchange.out);
      head.End();
      return {kNotModified, 0, nullptr};
    }
  }
  const RangeRequest ranges = RangesOf(exchange.request, file.validators(), file.size_bytes());
  switch (ranges.kind) {
    case RangeRequest::Kind::kWhole:
      return ServeWhole(exchange, file);
    case RangeRequest::Kind::kUnsatisfiable:
      return Error(exchange, kRangeNotSatisfiable,
                   absl::StrCat("Content-Range: bytes */", file.size_bytes(), "\r\n"));
    case RangeRequest::Kind::kPartial:
      break;
  }
  if (ranges.ranges.size() == 1) return ServeRange(exchange, file, ranges.ranges.front());
  return ServeRanges(exchange, file, ranges.ranges);
}

Answer StaticFiles::ServeWhole(const Exchange& exchange, Representation& file) const {
  const std::size_t start = exchange.out.size();
  file.whole().AppendTo(exchange.out, exchange.persistence, exchange.date, !exchange.is_head());
  if (exchange.is_head()) return {kOk, 0, nullptr};
  if (file.is_in_memory()) return {kOk, file.size_bytes(), nullptr};
  return ServeContent(exchange, start, kOk, file, {0, file.size_bytes()});
}

Answer StaticFiles::ServeRange(const Exchange& exchange, const Representation& file,
                               const ByteRange& range) const {
  const std::size_t start = exchange.out.size();
  ResponseHead head(exchange.out, kPartialContent, exchange.persistence, exchange.date.http_date());
  head.Field("Content-Type", file.type())
      .Field("Content-Length", range.bytes)
      .Field("Content-Range", ContentRange(range, file.size_bytes()));
  exchange.out.append(file.fields());
  head.End();
  return ServeContent(exchange, start, kPartialContent, file, range);
}

Answer StaticFiles::ServeContent(const Exchange& exchange, std::size_t start, int status,
                                 const Representation& file, const ByteRange& range) const {
  if (range.bytes > kMaxCopiedBytes && !file.is_in_memory()) {
    std::vector<FileTransfer::Part> parts(1);
    parts[0].range = range;
    return {status, 0, std::make_unique<FileTransfer>(file.file(), std::move(parts))};
  }
  if (!file.AppendRange(exchange.out, range)) {
    exchange.out.resize(start);
    return Error(exchange, kInternalServerError);
  }
  return {status, range.bytes, nullptr};
}

Answer StaticFiles::ServeRanges(const Exchange& exchange, const Representation& file,
                                const ByteRanges& ranges) const {
  MultipartRanges body(ranges, file.size_bytes(), file.type());
  const std::uint64_t body_bytes = body.bytes();
  const std::size_t start = exchange.out.size();
  ResponseHead head(exchange.out, kPartialContent, exchange.persistence, exchange.date.http_date());
  head.Field("Content-Type", body.content_type()).Field("Content-Length", body_bytes);
  exchange.out.append(file.fields());
  head.End();
  if (body_bytes > kMaxCopiedBytes && !file.is_in_memory()) {
    return {kPartialContent, 0,
            std::make_unique<FileTransfer>(file.file(), std::move(body).TakeParts())};
  }
  for (const FileTransfer::Part& part : body.parts()) {
    exchange.out.append(part.before);
    if (!file.AppendRange(exchange.out, part.range)) {
      exchange.out.resize(start);
      return Error(exchange, kInternalServerError);
    }
  }
  return {kPartialContent, body_bytes, nullptr};
}

}  // namespace muster::worker::http
