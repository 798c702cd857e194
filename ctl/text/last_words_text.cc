#include "muster/ctl/text/last_words_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "muster/ctl/text/printable.h"

namespace muster::ctl {

std::string LastWordsLine(const admin::v1::Worker& worker, absl::TimeZone zone) {
  if (!worker.has_last_words()) return "";
  const admin::v1::LastWords& words = worker.last_words();
  std::string text = absl::StrCat(
      "worker ", worker.index(), ", pid ", words.pid(), ", ",
      absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixSeconds(words.time().seconds()), zone),
      ": ", absl::StrReplaceAll(words.text(), {{"\n", " | "}, {"\t", " "}}));
  return Printable(text);
}

std::string RenderLastWords(const google::protobuf::RepeatedPtrField<admin::v1::Worker>& workers,
                            absl::TimeZone zone) {
  std::string text;
  for (const admin::v1::Worker& worker : workers) {
    const std::string line = LastWordsLine(worker, zone);
    if (line.empty()) continue;
    absl::StrAppend(&text, text.empty() ? "\nlast words\n" : "", "  ", line, "\n");
  }
  return text;
}

}  // namespace muster::ctl
