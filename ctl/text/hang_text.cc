#include "muster/ctl/text/hang_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "muster/ctl/text/printable.h"

namespace muster::ctl {
namespace {

using google::protobuf::RepeatedPtrField;

void Append(const char* before, const RepeatedPtrField<std::string>& names, std::string* text) {
  if (!names.empty()) absl::StrAppend(text, "; ", before, absl::StrJoin(names, ", "));
}

}  // namespace

std::string HangLine(const admin::v1::Worker& worker) {
  if (!worker.has_hang()) return "";
  const admin::v1::Hang& hang = worker.hang();
  std::string text =
      absl::StrCat("worker ", worker.index(), ", pid ", worker.pid(), ": ", hang.process());
  if (hang.has_stack()) absl::StrAppend(&text, "; its stack is in its log");
  Append("holds ", hang.locks(), &text);
  Append("uses ", hang.zones(), &text);
  Append("listens on ", hang.listeners(), &text);
  return Printable(absl::StrReplaceAll(text, {{"\n", " "}, {"\t", " "}}));
}

std::string RenderHangs(const RepeatedPtrField<admin::v1::Worker>& workers) {
  std::string text;
  for (const admin::v1::Worker& worker : workers) {
    const std::string line = HangLine(worker);
    if (line.empty()) continue;
    absl::StrAppend(&text, text.empty() ? "\nhung\n" : "", "  ", line, "\n");
  }
  return text;
}

}  // namespace muster::ctl
