#include "muster/config/mistake_report.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "muster/config/config_mistake.h"
#include "muster/proto/utf8.h"

namespace muster::config {
namespace {

std::string Printable(absl::string_view text) {
  const bool is_utf8 = IsUtf8(text);
  std::string printable;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_iscntrl(byte) || (!is_utf8 && byte >= 0x80)) {
      absl::StrAppend(&printable, "\\x", absl::Hex(byte, absl::kZeroPad2));
    } else {
      printable += c;
    }
  }
  return printable;
}

}  // namespace

absl::Status ReportMistakes(absl::string_view name, const LineIndex& lines,
                            std::vector<TextMistake> mistakes) {
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const auto& a, const auto& b) { return a.offset < b.offset; });
  std::vector<std::string> report;
  std::vector<ConfigMistake> printable;
  for (const TextMistake& mistake : mistakes) {
    const Place place = lines.PlaceOf(mistake.offset);
    printable.push_back(
        {Printable(mistake.field), place.line, place.column, Printable(mistake.problem)});
    const ConfigMistake& told = printable.back();
    report.push_back(absl::StrCat(name, ":", told.line, ":", told.column, ": ", told.field,
                                  told.field.empty() ? "" : ": ", told.problem));
  }
  return WithMistakes(absl::InvalidArgumentError(absl::StrJoin(report, "\n")), printable);
}

}  // namespace muster::config
