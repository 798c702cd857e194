#include "muster/worker/http/files/folder_listing.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <memory>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "muster/worker/http/message/request_target.h"

namespace muster::worker::http {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

// "2026-11-23 18:20".
std::string FormatTime(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm utc = {};
  ::gmtime_r(&time, &utc);
  return absl::StrCat(
      absl::Dec(utc.tm_year + 1900, absl::kZeroPad4), "-",
      absl::Dec(utc.tm_mon + 1, absl::kZeroPad2), "-", absl::Dec(utc.tm_mday, absl::kZeroPad2), " ",
      absl::Dec(utc.tm_hour, absl::kZeroPad2), ":", absl::Dec(utc.tm_min, absl::kZeroPad2));
}

std::string EscapeHtml(absl::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped.append("&amp;");
        break;
      case '<':
        escaped.append("&lt;");
        break;
      case '>':
        escaped.append("&gt;");
        break;
      case '"':
        escaped.append("&quot;");
        break;
      case '\'':
        escaped.append("&#39;");
        break;
      default:
        // Nothing of these can be shown.
        if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
          escaped.append("\xef\xbf\xbd");
        } else {
          escaped.push_back(c);
        }
    }
  }
  return escaped;
}

std::string FormatRow(const ListedFile& file) {
  const std::string name = absl::StrCat(file.name, file.is_folder ? "/" : "");
  // "./": a name with a colon in it would begin with a scheme.
  return absl::StrCat("<tr><td><a href=\"./", EscapeHtml(EncodePath(name)), "\">", EscapeHtml(name),
                      "</a></td><td>",
                      file.size_bytes.has_value() ? absl::StrCat(*file.size_bytes) : "",
                      "</td><td>", FormatTime(file.modified_seconds), "</td></tr>\n");
}

}  // namespace

std::optional<FolderListing> ReadFolder(ipc::UniqueFd folder, std::size_t max_files) {
  const std::unique_ptr<DIR, CloseFolder> open(::fdopendir(folder.get()));
  if (open == nullptr) return std::nullopt;
  const int fd = folder.release();
  FolderListing listing;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(open.get());
    if (entry == nullptr && errno != 0) return std::nullopt;
    if (entry == nullptr) break;
    if (entry->d_name[0] == '.') continue;
    if (listing.files.size() == max_files) {
      listing.is_whole = false;
      break;
    }
    struct stat status = {};
    if (::fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0) continue;  // it is gone
    ListedFile file;
    file.name = entry->d_name;
    file.is_folder = S_ISDIR(status.st_mode);
    if (S_ISREG(status.st_mode)) {
      file.size_bytes = static_cast<std::uint64_t>(status.st_size);
    } else if (!file.is_folder && !S_ISLNK(status.st_mode)) {
      continue;  // would not be served
    }
    file.modified_seconds = status.st_mtim.tv_sec;
    listing.files.push_back(std::move(file));
  }
  std::sort(listing.files.begin(), listing.files.end(),
            [](const ListedFile& a, const ListedFile& b) {
              return std::tie(b.is_folder, a.name) < std::tie(a.is_folder, b.name);
            });
  return listing;
}

std::string FormatListing(absl::string_view path, const FolderListing& listing) {
  const std::string title = absl::StrCat("Index of ", EscapeHtml(path));
  std::string page =
      absl::StrCat("<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>",
                   title, "</title></head>\n<body>\n<h1>", title,
                   "</h1>\n<table>\n<tr><th>Name</th><th>Bytes</th><th>Changed (UTC)</th></tr>\n");
  if (path != "/") page.append("<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n");
  bool is_whole = listing.is_whole;
  for (const ListedFile& file : listing.files) {
    const std::string row = FormatRow(file);
    if (page.size() + row.size() > kMaxListingBytes) {
      is_whole = false;
      break;
    }
    page.append(row);
  }
  page.append("</table>\n");
  if (!is_whole) page.append("<p>There are more than these.</p>\n");
  page.append("</body>\n</html>\n");
  return page;
}

}  // namespace muster::worker::http
