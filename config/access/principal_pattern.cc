#include "muster/config/access/principal_pattern.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "muster/config/access/identity_kind.h"
#include "muster/host/account.h"
#include "muster/ipc/base/status.h"

namespace muster::config {
namespace {

constexpr absl::string_view kSpiffe = "spiffe://";

std::string Quoted(absl::string_view text) { return absl::StrCat("\"", absl::CEscape(text), "\""); }

// In the one form in which the kernel's numbers are compared. The largest is none.
bool IsId(absl::string_view text) {
  std::uint32_t id = 0;
  return absl::SimpleAtoi(text, &id) && id != 0xffffffff && absl::StrCat(id) == text;
}

std::string WhyNotPattern(absl::string_view text, absl::string_view pattern) {
  if (AccessPattern::IsOne(pattern)) return "";
  return absl::StrCat(Quoted(text), pattern.empty()
                                        ? " has nothing after its colon"
                                        : " may have one \"*\", at the beginning or the end");
}

}  // namespace

std::string PrincipalPattern::WhyNot(absl::string_view text) {
  if (text == "*" || text == kAnonymous) return "";
  absl::string_view value = text;
  for (const absl::string_view kind : {kUid, kGid}) {
    if (!absl::ConsumePrefix(&value, kind)) continue;
    if (IsId(value)) return "";
    return absl::StrCat(Quoted(text), " does not have a number after \"", kind,
                        "\"; for a name write \"", kind == kUid ? "user:" : "group:", "\"");
  }
  for (const absl::string_view kind : {"user:", "group:"}) {
    if (absl::ConsumePrefix(&value, kind) && !value.empty()) return "";
  }
  if (absl::StartsWith(text, kSpiffe)) return WhyNotPattern(text, text);
  for (const absl::string_view kind : {kUri, kDns}) {
    if (absl::ConsumePrefix(&value, kind)) return WhyNotPattern(text, value);
  }
  if (absl::ConsumePrefix(&value, kSubject)) {
    // The last part of a subject may be within the text of a part that its owner chose.
    if (value.size() > 1 && value[0] == '*') {
      return absl::StrCat(Quoted(text), " may have a \"*\" at its end, not at its beginning");
    }
    return WhyNotPattern(text, value);
  }
  return absl::StrCat(Quoted(text),
                      " is not a principal; write \"user:NAME\", \"uid:NUMBER\", \"group:NAME\", "
                      "\"gid:NUMBER\", \"spiffe://ID\", \"uri:URI\", \"dns:NAME\", "
                      "\"subject:NAME\", \"anonymous\", or \"*\" for everybody");
}

absl::StatusOr<std::string> PrincipalPattern::Resolve(absl::string_view text) {
  absl::string_view value = text;
  if (absl::ConsumePrefix(&value, "user:")) {
    MUSTER_ASSIGN_OR_RETURN(const uid_t uid, host::FindUser(std::string(value)));
    return absl::StrCat(kUid, uid);
  }
  if (absl::ConsumePrefix(&value, "group:")) {
    MUSTER_ASSIGN_OR_RETURN(const gid_t gid, host::FindGroup(std::string(value)));
    return absl::StrCat(kGid, gid);
  }
  return std::string(text);
}

absl::StatusOr<PrincipalPattern> PrincipalPattern::Find(absl::string_view given) {
  MUSTER_ASSIGN_OR_RETURN(const std::string text, Resolve(given));
  absl::string_view value = text;
  if (absl::StartsWith(text, kSpiffe)) return PrincipalPattern(kUri, text);
  if (absl::ConsumePrefix(&value, kDns)) {
    return PrincipalPattern(kDns, absl::AsciiStrToLower(value));
  }
  for (const absl::string_view kind : {kUid, kGid, kUri, kSubject}) {
    if (absl::ConsumePrefix(&value, kind)) return PrincipalPattern(kind, value);
  }
  return PrincipalPattern("", text);
}

bool PrincipalPattern::Matches(absl::string_view identity) const {
  return absl::ConsumePrefix(&identity, kind_) && value_.Matches(identity);
}

}  // namespace muster::config
