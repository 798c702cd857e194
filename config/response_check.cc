#include "muster/config/response_check.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>

#include "absl/strings/str_cat.h"
#include "muster/host/wait_note.h"
#include "muster/proto/http_header.h"

namespace muster::config {
namespace {

using v1::ErrorPage;
using v1::Header;

constexpr off_t kMostPageBytes = 64 * 1024;

// What hinders the use of the file as a page; empty: nothing.
std::string WhyNotPage(const std::string& path) {
  struct stat status;
  const host::WaitNote note("looking at", path);
  if (::stat(path.c_str(), &status) != 0 || ::access(path.c_str(), R_OK) != 0) {
    return absl::StrCat("\"", path, "\" cannot be read: ", std::strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) return absl::StrCat("\"", path, "\" is no regular file");
  if (status.st_size > kMostPageBytes) {
    return absl::StrCat("\"", path, "\" has ", status.st_size, " bytes; at most ", kMostPageBytes,
                        " may be a page");
  }
  return "";
}

}  // namespace

void CheckHeaders(const std::string& field,
                  const google::protobuf::RepeatedPtrField<Header>& headers,
                  std::vector<FieldMistake>& mistakes) {
  for (int i = 0; i < headers.size(); ++i) {
    const std::string header = absl::StrCat(field, ".header[", i, "]");
    if (!headers[i].name().empty()) {  // the rules tell
      const std::string why = WhyNotHeaderName(headers[i].name());
      if (!why.empty()) mistakes.push_back({header + ".name", why});
    }
    const std::string why = WhyNotHeaderValue(headers[i].value());
    if (!why.empty()) mistakes.push_back({header + ".value", why});
  }
}

void CheckErrorPages(const std::string& field,
                     const google::protobuf::RepeatedPtrField<ErrorPage>& pages,
                     std::vector<FieldMistake>& mistakes) {
  std::map<std::uint32_t, int> statuses;
  for (int i = 0; i < pages.size(); ++i) {
    const std::string page = absl::StrCat(field, ".error_page[", i, "]");
    for (int j = 0; j < pages[i].status_size(); ++j) {
      const std::uint32_t status = pages[i].status(j);
      const std::string name = absl::StrCat(page, ".status[", j, "]");
      if (status < 400 || status > 599) {
        mistakes.push_back({name, absl::StrCat("is ", status, "; must be from 400 to 599")});
      } else if (const auto [before, is_new] = statuses.emplace(status, i); !is_new) {
        mistakes.push_back({name, absl::StrCat(status, " has a page by error_page[", before->second,
                                               "] already")});
      }
    }
    switch (pages[i].page_case()) {
      case ErrorPage::kFile:
        if (const std::string why = WhyNotPage(pages[i].file()); !why.empty()) {
          mistakes.push_back({page + ".file", why});
        }
        break;
      case ErrorPage::kBody:
        break;
      case ErrorPage::PAGE_NOT_SET:
        mistakes.push_back({page, "has no page; give it one of file and body"});
        break;
    }
    const std::string why = WhyNotHeaderValue(pages[i].content_type());
    if (!why.empty()) mistakes.push_back({page + ".content_type", why});
  }
}

}  // namespace muster::config
