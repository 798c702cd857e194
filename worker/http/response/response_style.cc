#include "muster/worker/http/response/response_style.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/proto/http_header.h"
#include "muster/worker/http/message/status_code.h"

namespace muster::worker::http {
namespace {

absl::StatusOr<std::string> ReadPage(const std::string& path) {
  // O_NONBLOCK: to open a FIFO must not wait for its writer.
  const ipc::UniqueFd file(
      ipc::RetryOnEintr([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); }));
  if (!file.valid()) return ipc::ErrnoStatus(absl::StrCat("open ", path));
  std::string page(kMaxErrorPageBytes + 1, '\0');
  std::size_t bytes = 0;
  while (bytes < page.size()) {
    const ssize_t read = ipc::RetryOnEintr(
        [&] { return ::read(file.get(), page.data() + bytes, page.size() - bytes); });
    if (read < 0) return ipc::ErrnoStatus(absl::StrCat("read ", path));
    if (read == 0) break;
    bytes += static_cast<std::size_t>(read);
  }
  if (bytes > kMaxErrorPageBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": has more than ", kMaxErrorPageBytes, " bytes"));
  }
  page.resize(bytes);
  return page;
}

}  // namespace

absl::StatusOr<ResponseStyle> ResponseStyle::Create(const Headers& headers, const ErrorPages& pages,
                                                    const ResponseStyle& outer,
                                                    const MimeTypes& types) {
  ResponseStyle style = outer;
  MUSTER_RETURN_IF_ERROR(style.Add(headers));
  MUSTER_RETURN_IF_ERROR(style.Add(pages, types));
  return style;
}

absl::Status ResponseStyle::Add(const Headers& headers) {
  for (const config::v1::Header& header : headers) {
    headers_.erase(absl::AsciiStrToLower(header.name()));
  }
  for (int i = 0; i < headers.size(); ++i) {
    const config::v1::Header& header = headers[i];
    std::string why = config::WhyNotHeaderName(header.name());
    if (!why.empty()) return absl::InvalidArgumentError(absl::StrCat("header[", i, "].name ", why));
    why = config::WhyNotHeaderValue(header.value());
    if (!why.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("header[", i, "].value ", why));
    }
    headers_.emplace(absl::AsciiStrToLower(header.name()),
                     Header{header.name(), header.value(), header.always()});
  }
  fields_.clear();
  always_fields_.clear();
  for (const auto& [key, header] : headers_) {
    absl::StrAppend(&fields_, header.name, ": ", header.value, "\r\n");
    if (header.always) {
      absl::StrAppend(&always_fields_, header.name, ": ", header.value, "\r\n");
    }
  }
  return absl::OkStatus();
}

absl::Status ResponseStyle::Add(const ErrorPages& pages, const MimeTypes& types) {
  for (int i = 0; i < pages.size(); ++i) {
    const config::v1::ErrorPage& page = pages[i];
    auto made = std::make_shared<Page>();
    made->type = page.content_type();
    if (page.has_file()) {
      auto body = ReadPage(page.file());
      if (!body.ok()) return ipc::Annotate(body.status(), absl::StrCat("error_page[", i, "].file"));
      made->body = *std::move(body);
      if (made->type.empty()) made->type = std::string(types.Find(page.file()));
    } else {
      made->body = page.body();
      if (made->type.empty()) made->type = std::string(kErrorPageType);
    }
    if (!config::WhyNotHeaderValue(made->type).empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("error_page[", i, "].content_type ", config::WhyNotHeaderValue(made->type)));
    }
    for (const std::uint32_t status : page.status()) pages_[static_cast<int>(status)] = made;
  }
  return absl::OkStatus();
}

ResponseStyle::Page ResponseStyle::PageFor(int status) const {
  const auto found = pages_.find(status);
  if (found != pages_.end()) return *found->second;
  return {std::string(kErrorPageType), ErrorPage(status)};
}

std::size_t ResponseStyle::AppendError(std::string& out, int status, Persistence persistence,
                                       absl::string_view http_date, bool has_body,
                                       absl::string_view fields) const {
  const auto found = pages_.find(status);
  if (found != pages_.end()) {
    return AppendPage(out, status, persistence, http_date, has_body, fields, *found->second);
  }
  return AppendPage(out, status, persistence, http_date, has_body, fields,
                    {std::string(kErrorPageType), ErrorPage(status)});
}

void ResponseStyle::AppendOptions(std::string& out, Persistence persistence,
                                  absl::string_view http_date, absl::string_view fields) const {
  ResponseHead head(out, kNoContent, persistence, http_date);
  out.append(kAllowReading.data(), kAllowReading.size());
  out.append(fields.data(), fields.size());
  out.append(FieldsFor(kNoContent));
  head.End();
}

std::size_t ResponseStyle::AppendPage(std::string& out, int status, Persistence persistence,
                                      absl::string_view http_date, bool has_body,
                                      absl::string_view fields, const Page& page) const {
  ResponseHead head(out, status, persistence, http_date);
  head.Field("Content-Type", page.type).Field("Content-Length", page.body.size());
  out.append(fields.data(), fields.size());
  out.append(FieldsFor(status));
  head.End();
  if (!has_body) return 0;
  out.append(page.body);
  return page.body.size();
}

}  // namespace muster::worker::http
