#include "muster/worker/http/message/entity_tag.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace muster::worker::http {

std::string MakeEntityTag(std::int64_t modified_nanoseconds, std::uint64_t size_bytes,
                          absl::string_view coding) {
  return absl::StrCat("\"", absl::Hex(modified_nanoseconds), "-", absl::Hex(size_bytes),
                      coding.empty() ? "" : "-", coding, "\"");
}

std::string MakeWeakEntityTag(std::int64_t modified_nanoseconds, std::uint64_t size_bytes,
                              std::int64_t read_nanoseconds, absl::string_view coding) {
  return absl::StrCat("W/\"", absl::Hex(modified_nanoseconds), "-", absl::Hex(size_bytes), "-",
                      absl::Hex(read_nanoseconds), coding.empty() ? "" : "-", coding, "\"");
}

bool ListHasTag(absl::string_view list, absl::string_view tag, TagComparison comparison) {
  list = absl::StripAsciiWhitespace(list);
  if (list == "*") return true;
  const bool is_tag_weak = absl::ConsumePrefix(&tag, "W/");
  while (!list.empty()) {
    if (list.front() == ',' || list.front() == ' ' || list.front() == '\t') {
      list.remove_prefix(1);
      continue;
    }
    const bool is_weak = absl::ConsumePrefix(&list, "W/") || is_tag_weak;
    if (list.empty() || list.front() != '"') return false;
    // A tag may contain commas, so it ends at its quote.
    const std::size_t quote = list.find('"', 1);
    if (quote == absl::string_view::npos) return false;
    const absl::string_view candidate = list.substr(0, quote + 1);
    list.remove_prefix(quote + 1);
    if (candidate == tag && !(is_weak && comparison == TagComparison::kStrong)) return true;
  }
  return false;
}

}  // namespace muster::worker::http
