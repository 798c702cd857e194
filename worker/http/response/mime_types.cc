#include "muster/worker/http/response/mime_types.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace muster::worker::http {
namespace {

struct Entry {
  absl::string_view extension;
  absl::string_view type;
};

constexpr Entry kBuiltIn[] = {
    {"7z", "application/x-7z-compressed"},
    {"aac", "audio/aac"},
    {"apng", "image/apng"},
    {"atom", "application/atom+xml"},
    {"avif", "image/avif"},
    {"bin", "application/octet-stream"},
    {"bmp", "image/bmp"},
    {"bz2", "application/x-bzip2"},
    {"css", "text/css; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"deb", "application/vnd.debian.binary-package"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"eot", "application/vnd.ms-fontobject"},
    {"epub", "application/epub+zip"},
    {"flac", "audio/flac"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"htm", "text/html; charset=utf-8"},
    {"html", "text/html; charset=utf-8"},
    {"ico", "image/x-icon"},
    {"ics", "text/calendar; charset=utf-8"},
    {"jar", "application/java-archive"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript; charset=utf-8"},
    {"json", "application/json"},
    {"jsonld", "application/ld+json"},
    {"jxl", "image/jxl"},
    {"m3u8", "application/vnd.apple.mpegurl"},
    {"m4a", "audio/mp4"},
    {"m4v", "video/mp4"},
    {"map", "application/json"},
    {"md", "text/markdown; charset=utf-8"},
    {"mid", "audio/midi"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"mkv", "video/x-matroska"},
    {"mov", "video/quicktime"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"mpeg", "video/mpeg"},
    {"mpg", "video/mpeg"},
    {"odp", "application/vnd.oasis.opendocument.presentation"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"oga", "audio/ogg"},
    {"ogg", "audio/ogg"},
    {"ogv", "video/ogg"},
    {"opus", "audio/ogg"},
    {"otf", "font/otf"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"ps", "application/postscript"},
    {"rpm", "application/x-rpm"},
    {"rss", "application/rss+xml"},
    {"rtf", "application/rtf"},
    {"svg", "image/svg+xml"},
    {"svgz", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"ts", "video/mp2t"},
    {"ttf", "font/ttf"},
    {"txt", "text/plain; charset=utf-8"},
    {"vtt", "text/vtt; charset=utf-8"},
    {"wasm", "application/wasm"},
    {"wav", "audio/wav"},
    {"weba", "audio/webm"},
    {"webm", "video/webm"},
    {"webmanifest", "application/manifest+json"},
    {"webp", "image/webp"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xhtml", "application/xhtml+xml"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"xml", "text/xml; charset=utf-8"},
    {"xz", "application/x-xz"},
    {"zip", "application/zip"},
    {"zst", "application/zstd"},
};

// Longer ones are in no table, so that a lookup needs no allocation.
constexpr std::size_t kLongestExtension = 64;

bool IsFieldText(char c) { return absl::ascii_isprint(static_cast<unsigned char>(c)); }

}  // namespace

MimeTypes::MimeTypes() {
  for (const Entry& entry : kBuiltIn) types_.emplace(entry.extension, entry.type);
}

absl::Status MimeTypes::Set(absl::string_view extension, absl::string_view type) {
  if (extension.empty() || extension.size() > kLongestExtension ||
      extension.find_first_of("./") != absl::string_view::npos ||
      !std::all_of(extension.begin(), extension.end(), IsFieldText)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "extension \"", extension, "\": expected what follows the last dot of a name, as in webp"));
  }
  const std::size_t slash = type.find('/');
  if (slash == 0 || slash == absl::string_view::npos || slash + 1 == type.size() ||
      !std::all_of(type.begin(), type.end(), IsFieldText)) {
    return absl::InvalidArgumentError(
        absl::StrCat("type \"", type, "\": expected type/subtype, as in image/webp"));
  }
  types_.insert_or_assign(absl::AsciiStrToLower(extension), std::string(type));
  return absl::OkStatus();
}

absl::string_view MimeTypes::Find(absl::string_view path) const {
  constexpr absl::string_view kUnknown = "application/octet-stream";
  const std::size_t dot = path.find_last_of("./");
  if (dot == absl::string_view::npos || path[dot] == '/') return kUnknown;
  const absl::string_view extension = path.substr(dot + 1);
  if (extension.size() > kLongestExtension) return kUnknown;
  std::array<char, kLongestExtension> lower;
  std::transform(extension.begin(), extension.end(), lower.begin(), absl::ascii_tolower);
  const auto found = types_.find(absl::string_view(lower.data(), extension.size()));
  return found == types_.end() ? kUnknown : absl::string_view(found->second);
}

}  // namespace muster::worker::http
