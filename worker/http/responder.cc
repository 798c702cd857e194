#include "muster/worker/http/responder.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/field_error.h"
#include "muster/proto/status_source.h"
#include "muster/worker/http/message/status_code.h"
#include "muster/worker/http/pages/metrics.h"
#include "muster/worker/http/pages/status_json.h"
#include "muster/worker/http/pages/status_page.h"
#include "muster/worker/http/pages/stub_status.h"
#include "muster/worker/runtime/bounded_duration.h"
#include "muster/worker/zone/zone_snapshot.h"

namespace muster::worker::http {
namespace {

// What could end a field early, or the head, must not come into one.
bool IsFieldText(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c == '\t' || !absl::ascii_iscntrl(static_cast<unsigned char>(c));
  });
}

bool IsRedirection(int status) { return status >= 300 && status < 400 && status != kNotModified; }

absl::StatusOr<PreparedResponse> MakeReturn(const config::v1::Return& response,
                                            const ResponseStyle& style) {
  const int status = static_cast<int>(response.status());
  if (status < 200 || status > 599) {
    return absl::InvalidArgumentError(absl::StrCat("status ", status, ": expected 200 to 599"));
  }
  if (!HasBody(status) && response.has_body()) {
    return absl::InvalidArgumentError(
        absl::StrCat("body: a response of status ", status, " has none"));
  }
  if (response.has_location() && !IsRedirection(status) && status != 201) {
    return absl::InvalidArgumentError(absl::StrCat("location: a response of status ", status,
                                                   " has none; expected status 301, ",
                                                   "302, 303, 307 or 308"));
  }
  if (!IsFieldText(response.location()) || !IsFieldText(response.content_type())) {
    return absl::InvalidArgumentError(
        absl::StrCat(IsFieldText(response.location()) ? "content_type" : "location",
                     ": has a control character"));
  }
  std::string fields;
  std::string body;
  if (HasBody(status)) {
    ResponseStyle::Page page = {response.content_type(), response.body()};
    if (status >= 300 && !response.has_body()) page = style.PageFor(status);
    body = std::move(page.body);
    absl::StrAppend(&fields, "Content-Type: ", page.type, "\r\nContent-Length: ", body.size(),
                    "\r\n");
  } else if (IsFramed(status)) {
    fields.append("Content-Length: 0\r\n");
  }
  if (response.has_location()) absl::StrAppend(&fields, "Location: ", response.location(), "\r\n");
  fields.append(style.FieldsFor(status));
  return PreparedResponse(status, std::move(fields), std::move(body));
}

ContentCoding CodingOf(config::v1::ContentCoding coding) {
  switch (coding) {
    case config::v1::BROTLI:
      return ContentCoding::kBrotli;
    case config::v1::ZSTD:
      return ContentCoding::kZstandard;
    default:
      return ContentCoding::kGzip;
  }
}

// Of those that this process may have: most are for connections.
std::size_t DescriptorsForFiles() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return 0;
  return static_cast<std::size_t>(limit.rlim_cur / 8);
}

OpenFileCache::Limits LimitsOf(const config::v1::OpenFileCache& cache) {
  return {.max_entries = cache.max_entries(),
          .trusted_for = BoundedDuration(cache.trusted_for()),
          .max_file_bytes = cache.max_file_bytes(),
          .max_memory_bytes = static_cast<std::size_t>(cache.max_memory_bytes()),
          .max_descriptors = DescriptorsForFiles()};
}

// Beside the files.
ListingCache::Limits ListingLimitsOf(const OpenFileCache::Limits& files) {
  return {.trusted_for = files.trusted_for,
          .max_memory_bytes = files.max_entries == 0 ? 0 : files.max_memory_bytes / 4};
}

// "http.location[2].root /x: not a directory"; `cause` is what has to change, unless more is known.
absl::Status Below(absl::string_view field, const absl::Status& status, absl::string_view cause) {
  const std::string known = config::FieldOf(status);
  return config::AtField(absl::Status(status.code(), absl::StrCat(field, ".", status.message())),
                         known.empty() ? cause : absl::string_view(known));
}

// What a location does is what it most likely cannot do.
std::string CauseIn(const std::string& field, const config::v1::Location& location) {
  if (location.has_root()) return field + ".root";
  if (location.has_handler()) return field + ".handler";
  return field;
}

ZoneSnapshot Snapshot(const SharedZone& zone) {
  return TakeSnapshot(zone, std::chrono::steady_clock::now());
}

}  // namespace

std::vector<admin::v1::Metric> Responder::OwnMetrics() const {
  return metrics_ == nullptr ? std::vector<admin::v1::Metric>() : metrics_->Read();
}

std::string Responder::MetricsPage(const Responder& responder) {
  return FormatMetrics(Snapshot(*responder.zone_), responder.OwnMetrics());
}

template <Details kDetails>
std::string Responder::StatusJson(const Responder& responder) {
  return FormatStatusJson(Snapshot(*responder.zone_), kDetails, responder.OwnMetrics());
}

absl::StatusOr<Responder> Responder::Create(const config::v1::Http& http, const SharedZone& zone,
                                            const FindHandler& find_handler,
                                            const Metrics* metrics) {
  Responder responder(zone, metrics);
  for (int i = 0; i < http.mime_type_size(); ++i) {
    const config::v1::MimeType& type = http.mime_type(i);
    const std::string field = absl::StrCat("http.mime_type[", i, "]");
    MUSTER_RETURN_IF_ERROR(config::AtField(
        ipc::Annotate(responder.types_->Set(type.extension(), type.type()), field), field));
  }
  auto style = ResponseStyle::Create(http.header(), http.error_page(), {}, *responder.types_);
  if (!style.ok()) return Below("http", style.status(), "http");
  responder.style_ = std::make_unique<ResponseStyle>(*std::move(style));
  responder.max_body_bytes_ = http.max_body_bytes();
  if (http.allow_non_ascii_targets()) responder.target_ = RequestTarget(RequestTarget::Bytes::kAny);
  responder.files_ = std::make_unique<OpenFileCache>(LimitsOf(http.open_file_cache()));
  responder.listings_ = std::make_unique<ListingCache>(ListingLimitsOf(responder.files_->limits()));
  std::vector<std::string> paths;
  for (const config::v1::Location& location : http.location()) paths.push_back(location.path());
  MUSTER_ASSIGN_OR_RETURN(responder.router_, LocationRouter::Create(paths));
  for (int i = 0; i < http.location_size(); ++i) {
    auto action = responder.MakeAction(http, static_cast<std::size_t>(i), find_handler);
    if (!action.ok()) {
      const std::string field = absl::StrCat("http.location[", i, "]");
      return Below(field, action.status(), CauseIn(field, http.location(i)));
    }
    responder.AddBodyRule(http.location(i), *action);
    responder.actions_.push_back(*std::move(action));
  }
  return responder;
}

absl::StatusOr<StaticFiles> Responder::MakeStaticFiles(const config::v1::Location& location,
                                                       std::size_t index) {
  std::vector<std::string> names(location.index().begin(), location.index().end());
  if (names.empty()) names.push_back("index.html");
  MUSTER_ASSIGN_OR_RETURN(FileResolver resolver,
                          FileResolver::Create(location.root(), std::move(names)));
  StaticFiles::Settings settings;
  settings.lists_folders = location.listing();
  for (int i = 0; i < location.precompressed_size(); ++i) {
    settings.codings.push_back(CodingOf(location.precompressed(i)));
  }
  return StaticFiles(std::move(resolver), std::move(settings), *styles_[index], *types_, *files_,
                     *listings_, index);
}

absl::StatusOr<Responder::Action> Responder::MakeAction(const config::v1::Http& http,
                                                        std::size_t index,
                                                        const FindHandler& find_handler) {
  const config::v1::Location& location = http.location(static_cast<int>(index));
  if (location.index_size() > 0 && !location.has_root()) {
    return absl::InvalidArgumentError("index: only a location with root has one");
  }
  if (location.precompressed_size() > 0 && !location.has_root()) {
    return absl::InvalidArgumentError("precompressed: only a location with root has that");
  }
  if (location.listing() && !location.has_root()) {
    return absl::InvalidArgumentError("listing: only a location with root has one");
  }
  MUSTER_ASSIGN_OR_RETURN(
      ResponseStyle style,
      ResponseStyle::Create(location.header(), location.error_page(), *style_, *types_));
  styles_.push_back(std::make_unique<ResponseStyle>(std::move(style)));
  switch (location.action_case()) {
    case config::v1::Location::kRoot: {
      auto root = MakeStaticFiles(location, index);
      if (!root.ok()) return root.status();
      return Action(*std::move(root));
    }
    case config::v1::Location::kReturn: {
      auto response = MakeReturn(location.return_(), *styles_[index]);
      if (response.ok()) return Action(*std::move(response));
      return absl::Status(response.status().code(),
                          absl::StrCat("return.", response.status().message()));
    }
    case config::v1::Location::kStubStatus:
      return Action(ZonePage{"text/plain", [](const Responder& responder) {
                               return FormatStubStatus(responder.zone_->Sum());
                             }});
    case config::v1::Location::kMetrics:
      return Action(ZonePage{kMetricsType, MetricsPage});
    case config::v1::Location::kStatusJson:
      return Action(ZonePage{"application/json", location.status_json().hide_details()
                                                     ? StatusJson<Details::kHidden>
                                                     : StatusJson<Details::kShown>});
    case config::v1::Location::kStatusPage: {
      const auto source = config::StatusSourceOf(location.status_page(), http);
      if (!source.ok()) return ipc::Annotate(source.status(), config::FieldOf(source.status()));
      StatusPage page = MakeStatusPage(*source);
      return Action(ValidatedPage(kStatusPageType, std::move(page.html), std::move(page.entity_tag),
                                  page.fields, *styles_[index]));
    }
    case config::v1::Location::kHandler: {
      if (find_handler == nullptr) {
        return absl::InvalidArgumentError("handler: this worker has none");
      }
      auto handler = find_handler(location.handler());
      if (!handler.ok()) return handler.status();
      return Action(*std::move(handler));
    }
    case config::v1::Location::ACTION_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "path ", location.path(),
      ": expected one of root, return, stub_status, metrics, status_json, ", "status_page"));
}

void Responder::AddBodyRule(const config::v1::Location& location, const Action& action) {
  BodyRule rule = {.use = BodyUse::kDropped, .max_bytes = max_body_bytes_};
  if (const auto* handler = std::get_if<HandlerAction>(&action)) {
    rule.use = handler->handler().TakesBodyInPieces() ? BodyUse::kInPieces : BodyUse::kWhole;
  }
  if (location.has_max_body_bytes()) rule.max_bytes = location.max_body_bytes();
  has_body_rules_ |= rule.use != BodyUse::kDropped || location.has_max_body_bytes();
  body_rules_.push_back(rule);
}

BodyRule Responder::RuleOfBody(const RequestHead& request) {
  const BodyRule of_none = {.use = BodyUse::kDropped, .max_bytes = max_body_bytes_};
  if (!has_body_rules_ || request.method() == Method::kConnect ||
      !target_.Parse(request.target())) {
    return of_none;
  }
  const std::optional<std::size_t> location = router_.Find(target_.path());
  return location.has_value() ? body_rules_[*location] : of_none;
}

Answer Responder::Respond(const RequestHead& request, Persistence& persistence,
                          const DateCache& date, std::string& out, absl::string_view body,
                          const Origin& origin, absl::string_view request_id) {
  const bool has_body = request.method() != Method::kHead;
  const auto error = [&](int status, absl::string_view fields = "") -> Answer {
    const std::size_t bytes =
        style_->AppendError(out, status, persistence, date.http_date(), has_body, fields);
    return {status, bytes, nullptr};
  };
  if (request.method() == Method::kConnect) {
    // Its target is no path; and what follows may not be HTTP.
    persistence = Persistence::kClose;
    return error(kMethodNotAllowed, kAllowReading);
  }
  if (!target_.Parse(request.target())) {
    persistence = Persistence::kClose;
    return error(kBadRequest);
  }
  if (target_.path() == "*") {
    if (request.method() == Method::kOptions) {
      style_->AppendOptions(out, persistence, date.http_date());
      return {kNoContent, 0, nullptr};
    }
    persistence = Persistence::kClose;
    return error(kBadRequest);
  }
  const std::optional<std::size_t> location = router_.Find(target_.path());
  if (!location.has_value()) return error(kNotFound);
  Action& action = actions_[*location];
  if (auto* response = std::get_if<PreparedResponse>(&action)) {
    response->AppendTo(out, persistence, date, has_body);
    return {response->status(), has_body ? response->body().size() : 0, nullptr};
  }
  if (auto* files = std::get_if<StaticFiles>(&action)) {
    return files->Respond(request, target_, persistence, date, out);
  }
  if (auto* page = std::get_if<ValidatedPage>(&action)) {
    return page->Respond(request, persistence, date, out);
  }
  if (auto* handler = std::get_if<HandlerAction>(&action)) {
    return handler->Respond(request, target_, body, origin, *styles_[*location], persistence,
                            date.http_date(), request_id, out);
  }
  return ShowZone(std::get<ZonePage>(action), *styles_[*location], request, persistence, date, out);
}

Answer Responder::ShowZone(const ZonePage& zone_page, const ResponseStyle& style,
                           const RequestHead& request, Persistence persistence,
                           const DateCache& date, std::string& out) const {
  const bool has_body = request.method() != Method::kHead;
  if (request.method() == Method::kOptions) {
    style.AppendOptions(out, persistence, date.http_date());
    return {kNoContent, 0, nullptr};
  }
  if (request.method() != Method::kGet && has_body) {
    const std::size_t bytes = style.AppendError(out, kMethodNotAllowed, persistence,
                                                date.http_date(), has_body, kAllowReading);
    return {kMethodNotAllowed, bytes, nullptr};
  }
  const std::string page = zone_page.format(*this);
  ResponseHead head(out, kOk, persistence, date.http_date());
  head.Field("Content-Type", zone_page.content_type)
      .Field("Content-Length", page.size())
      .Field("Cache-Control", "no-store");
  out.append(style.FieldsFor(kOk));
  head.End();
  if (has_body) out.append(page);
  return {kOk, has_body ? page.size() : 0, nullptr};
}

}  // namespace muster::worker::http
