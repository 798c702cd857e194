#include "muster/proto/status_source.h"

#include <algorithm>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/proto/field_error.h"

namespace muster::config {
namespace {

absl::Status Error(absl::string_view field, absl::string_view problem) {
  return AtField(absl::InvalidArgumentError(problem), field);
}

constexpr absl::string_view kUsualPath = "/status.json";

std::string Advice(absl::string_view path) {
  return absl::StrCat("add location { path: \"", path, "\" status_json {} }");
}

}  // namespace

absl::StatusOr<std::string> StatusSourceOf(const v1::StatusPage& page, const v1::Http& http) {
  std::vector<std::string> paths;
  for (const v1::Location& location : http.location()) {
    if (location.has_status_json()) paths.push_back(location.path());
  }
  if (page.has_json()) {
    if (std::find(paths.begin(), paths.end(), page.json()) != paths.end()) return page.json();
    const bool is_taken =
        std::any_of(http.location().begin(), http.location().end(),
                    [&](const v1::Location& location) { return location.path() == page.json(); });
    const std::string cure = !paths.empty() ? absl::StrCat("write \"", paths.front(), "\"")
                             : is_taken     ? Advice(kUsualPath)
                                            : Advice(page.json());
    return Error("status_page.json",
                 absl::StrCat("\"", page.json(),
                              "\" is not the path of a location with status_json; ", cure));
  }
  if (paths.empty()) {
    return Error("status_page",
                 absl::StrCat("has no location with status_json to read; ", Advice(kUsualPath)));
  }
  if (paths.size() > 1) {
    return Error("status_page",
                 absl::StrCat("could read several locations with status_json; name one, json: \"",
                              paths.front(), "\""));
  }
  return paths.front();
}

}  // namespace muster::config
