#include "muster/worker/http/message/request_head.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "muster/worker/http/message/header_fields.h"

namespace muster::worker::http {
namespace {

// `known` is in lower case, and as long.
bool Is(absl::string_view name, absl::string_view known) {
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (absl::ascii_tolower(static_cast<unsigned char>(name[i])) != known[i]) return false;
  }
  return true;
}

std::optional<FieldName> If(absl::string_view name, absl::string_view known, FieldName field) {
  if (!Is(name, known)) return std::nullopt;
  return field;
}

}  // namespace

std::optional<FieldName> KnownField(absl::string_view name) {
  // By length first: most fields are of none of these, or compared once. What is compared has the
  // length of its case.
  switch (name.size()) {
    case 4:
      return If(name, "host", FieldName::kHost);
    case 5:
      return If(name, "range", FieldName::kRange);
    case 6:
      return If(name, "expect", FieldName::kExpect);
    case 7:
      return If(name, "referer", FieldName::kReferer);
    case 8:
      if (Is(name, "if-match")) return FieldName::kIfMatch;
      return If(name, "if-range", FieldName::kIfRange);
    case 10:
      return If(name, "user-agent", FieldName::kUserAgent);
    case 13:
      return If(name, "if-none-match", FieldName::kIfNoneMatch);
    case 14:
      return If(name, "content-length", FieldName::kContentLength);
    case 15:
      if (Is(name, "accept-encoding")) return FieldName::kAcceptEncoding;
      return If(name, "x-forwarded-for", FieldName::kForwardedFor);
    case 17:
      if (Is(name, "transfer-encoding")) return FieldName::kTransferEncoding;
      return If(name, "if-modified-since", FieldName::kIfModifiedSince);
    case 19:
      return If(name, "if-unmodified-since", FieldName::kIfUnmodifiedSince);
    default:
      return std::nullopt;
  }
}

std::optional<absl::string_view> RequestHead::GetList(FieldName name, std::string& storage) const {
  if ((repeated_ & Bit(name)) == 0) return Get(name);
  storage.clear();
  HeaderFields(fields()).ForEach([&](absl::string_view field, absl::string_view value) {
    if (KnownField(field) != name) return;
    absl::StrAppend(&storage, storage.empty() ? "" : ", ", value);
  });
  return storage;
}

void RequestHead::Clear() {
  // Without fields_, which is most of it: present_ says which of them count.
  bytes_ = nullptr;
  present_ = repeated_ = 0;
  line_ = target_ = all_fields_ = Span();
  content_length_ = 0;
  method_ = Method::kOther;
  is_http_1_0_ = keep_alive_ = is_chunked_ = expects_continue_ = false;
}

void RequestHead::MoveTo(std::string& storage) {
  std::size_t end = std::max(line_.offset + line_.bytes, all_fields_.offset + all_fields_.bytes);
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (!Has(static_cast<FieldName>(i))) continue;
    end = std::max<std::size_t>(end, fields_[i].offset + fields_[i].bytes);
  }
  storage.assign(bytes_, end);
  Rebase(storage.data());
}

}  // namespace muster::worker::http
