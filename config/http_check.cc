#include "muster/config/http_check.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/config/response_check.h"
#include "muster/host/file_access.h"
#include "muster/proto/field_error.h"
#include "muster/proto/log_format.h"
#include "muster/proto/status_source.h"

namespace muster::config {
namespace {

using v1::Location;

// Field values that would break out of their place in an HTTP header.
bool HasControlCharacter(absl::string_view text) {
  for (char c : text) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) return true;
  }
  return false;
}

class Checker {
 public:
  Checker(const v1::Http& http, std::vector<FieldMistake>& mistakes)
      : http_(http), mistakes_(mistakes) {}

  void Check() && {
    std::map<std::string, int> paths;
    for (int i = 0; i < http_.location_size(); ++i) {
      const Location& location = http_.location(i);
      const std::string field = absl::StrCat("http.location[", i, "]");
      if (!location.path().empty()) {
        const auto [before, is_new] = paths.emplace(location.path(), i);
        if (!absl::StartsWith(location.path(), "/")) {
          Mistake(field + ".path", absl::StrCat("\"", location.path(), "\" must begin with \"/\""));
        } else if (!is_new) {
          Mistake(field + ".path", absl::StrCat("\"", location.path(), "\" is http.location[",
                                                before->second, "]'s already"));
        }
      }
      CheckLocation(field, location);
    }
    if (http_.has_access_log()) {
      const v1::AccessLog& log = http_.access_log();
      if (!log.path().empty()) {  // or else the rules tell
        if (std::string why = host::WhyNotLoggable(log.path()); !why.empty()) {
          Mistake("http.access_log.path", std::move(why));
        }
      }
      const auto format = ParseLogFormat(log.format(), log.escape() == v1::AccessLog::JSON);
      if (!format.ok()) Mistake("http.access_log.format", std::string(format.status().message()));
    }
    CheckMimeTypes();
    CheckHeaders("http", http_.header(), mistakes_);
    CheckErrorPages("http", http_.error_page(), mistakes_);
  }

 private:
  void Mistake(std::string field, std::string problem) {
    mistakes_.push_back({std::move(field), std::move(problem)});
  }

  void CheckLocation(const std::string& field, const Location& location) {
    switch (location.action_case()) {
      case Location::kRoot:
        if (!location.root().empty()) CheckRoot(field + ".root", location.root());
        break;
      case Location::kReturn:
        CheckReturn(field + ".return", location.return_());
        break;
      case Location::kStubStatus:
      case Location::kMetrics:
      case Location::kStatusJson:
      case Location::kHandler:
        break;
      case Location::kStatusPage:
        CheckStatusPage(field, location.status_page());
        break;
      case Location::ACTION_NOT_SET:
        Mistake(field,
                "does nothing; give it one of root, return, stub_status, metrics, status_json, "
                "status_page and handler");
        break;
    }
    if (location.index_size() > 0 && location.action_case() != Location::kRoot) {
      Mistake(field + ".index", "is of use with root only");
    }
    CheckHeaders(field, location.header(), mistakes_);
    CheckErrorPages(field, location.error_page(), mistakes_);
    CheckPrecompressed(field + ".precompressed", location);
    if (location.listing() && !location.has_root()) {
      Mistake(field + ".listing", "is of use with root only");
    }
    for (int i = 0; i < location.index_size(); ++i) {
      const std::string& name = location.index(i);
      if (name.empty() || name == "." || name == ".." || name.find('/') != name.npos) {
        Mistake(absl::StrCat(field, ".index[", i, "]"),
                absl::StrCat("\"", name, "\" is no file name; write \"index.html\", say"));
      }
    }
  }

  void CheckStatusPage(const std::string& field, const v1::StatusPage& page) {
    const absl::Status status = StatusSourceOf(page, http_).status();
    if (status.ok()) return;
    Mistake(absl::StrCat(field, ".", FieldOf(status)), std::string(status.message()));
  }

  void CheckRoot(const std::string& field, const std::string& path) {
    const std::string why = host::WhyNotFolder(path);
    if (!why.empty()) Mistake(field, absl::StrCat("\"", path, "\" ", why));
  }

  void CheckPrecompressed(const std::string& field, const Location& location) {
    if (location.precompressed_size() > 0 && !location.has_root()) {
      Mistake(field, "is of use with root only");
    }
    for (int i = 1; i < location.precompressed_size(); ++i) {
      const auto end = location.precompressed().begin() + i;
      if (std::find(location.precompressed().begin(), end, *end) != end) {
        Mistake(
            absl::StrCat(field, "[", i, "]"),
            absl::StrCat(v1::ContentCoding_Name(location.precompressed(i)), " is there already"));
      }
    }
  }

  void CheckReturn(const std::string& field, const v1::Return& answer) {
    const bool is_redirection = answer.status() >= 300 && answer.status() <= 399;
    if (answer.has_location() && !is_redirection) {
      Mistake(field + ".location",
              absl::StrCat("goes with a status from 300 to 399, not with ", answer.status()));
    }
    const bool has_no_body =
        answer.status() == 204 || answer.status() == 205 || answer.status() == 304;
    if (has_no_body && !answer.body().empty()) {
      Mistake(field + ".body", absl::StrCat("cannot go with status ", answer.status()));
    }
    if (HasControlCharacter(answer.location())) {
      Mistake(field + ".location", "has a control character, which a header cannot have");
    }
    if (HasControlCharacter(answer.content_type())) {
      Mistake(field + ".content_type", "has a control character, which a header cannot have");
    }
  }

  void CheckMimeTypes() {
    std::map<std::string, int> extensions;
    for (int i = 0; i < http_.mime_type_size(); ++i) {
      const v1::MimeType& mime = http_.mime_type(i);
      const std::string field = absl::StrCat("http.mime_type[", i, "]");
      if (mime.extension().find_first_of("./") != std::string::npos) {
        Mistake(field + ".extension",
                absl::StrCat("\"", mime.extension(), "\" must be without dot and slash: \"webp\""));
      } else if (const auto [before, is_new] = extensions.emplace(mime.extension(), i); !is_new) {
        Mistake(field + ".extension", absl::StrCat("\"", mime.extension(), "\" is http.mime_type[",
                                                   before->second, "]'s already"));
      }
      const std::size_t slash = mime.type().find('/');
      if (!mime.type().empty() &&
          (slash == 0 || slash == std::string::npos || slash + 1 == mime.type().size() ||
           HasControlCharacter(mime.type()))) {
        Mistake(field + ".type",
                absl::StrCat("\"", mime.type(), "\" is no MIME type; write \"image/webp\", say"));
      }
    }
  }

  const v1::Http& http_;
  std::vector<FieldMistake>& mistakes_;
};

}  // namespace

void CheckHttp(const v1::Http& http, std::vector<FieldMistake>& mistakes) {
  Checker(http, mistakes).Check();
}

}  // namespace muster::config
