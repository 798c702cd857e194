#include "muster/worker/http/pages/status_page.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "muster/worker/http/pages/status_page/embedded_page.h"

namespace muster::worker::http {
namespace {

// FNV-1a: a change of the page is to change it, nobody is to be fooled.
std::uint64_t HashOf(absl::string_view text) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  }
  return hash;
}

std::string EscapeAttribute(absl::string_view text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

}  // namespace

StatusPage MakeStatusPage(absl::string_view json_path) {
  StatusPage page;
  // Outside of the script and the style, whose hashes are known since the build.
  page.html = absl::StrCat(kStatusPageBeforePath, EscapeAttribute(json_path), kStatusPageAfterPath);
  page.entity_tag = absl::StrCat("\"", absl::Hex(HashOf(page.html), absl::kZeroPad16), "\"");
  page.fields = absl::StrCat(
      "Cache-Control: no-cache\r\n"
      "Content-Security-Policy: default-src 'none'; script-src 'sha256-",
      kStatusPageScriptHash, "'; style-src 'sha256-", kStatusPageStyleHash,
      "'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
      "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'\r\n"
      "Referrer-Policy: no-referrer\r\n"
      "X-Content-Type-Options: nosniff\r\n");
  return page;
}

}  // namespace muster::worker::http
