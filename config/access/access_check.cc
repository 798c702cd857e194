#include "muster/config/access/access_check.h"

#include <map>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "muster/config/access/access_pattern.h"
#include "muster/config/access/admin_method.h"
#include "muster/config/access/principal_pattern.h"

namespace muster::config {
namespace {

std::string Quoted(absl::string_view text) { return absl::StrCat("\"", absl::CEscape(text), "\""); }

std::string WhyNoMethod(absl::string_view text) {
  if (!AccessPattern::IsOne(text)) {
    return absl::StrCat(Quoted(text), " may have one \"*\", at its beginning or its end");
  }
  const AccessPattern pattern(MethodPattern(text));
  std::vector<absl::string_view> names;
  for (const AdminMethod& method : AdminMethods()) {
    if (pattern.Matches(method.path)) return "";
    names.push_back(method.name());
  }
  return absl::StrCat(Quoted(text), " is not a method; the methods are ",
                      absl::StrJoin(names, ", "));
}

// What both kinds of rules have. `field`: "admin.deny[0]".
template <typename Rule>
void CheckRule(const std::string& field, const Rule& rule, std::vector<FieldMistake>& mistakes) {
  for (int i = 0; i < rule.principal_size(); ++i) {
    const std::string why = PrincipalPattern::WhyNot(rule.principal(i));
    if (!why.empty()) mistakes.push_back({absl::StrCat(field, ".principal[", i, "]"), why});
  }
  for (int i = 0; i < rule.method_size(); ++i) {
    const std::string why = WhyNoMethod(rule.method(i));
    if (!why.empty()) mistakes.push_back({absl::StrCat(field, ".method[", i, "]"), why});
  }
}

// Two rules of one name would be told apart by nobody.
template <typename Rules>
void CheckNames(const std::string& field, const Rules& rules, std::vector<FieldMistake>& mistakes) {
  std::map<std::string, int> names;
  for (int i = 0; i < rules.size(); ++i) {
    if (rules[i].name().empty()) continue;  // the schema's rules tell
    const auto [before, is_new] = names.emplace(rules[i].name(), i);
    if (is_new) continue;
    mistakes.push_back({absl::StrCat(field, "[", i, "].name"),
                        absl::StrCat(Quoted(rules[i].name()), " is the name of ", field, "[",
                                     before->second, "] already")});
  }
}

}  // namespace

std::vector<FieldMistake> CheckAccess(const v1::Admin& admin) {
  std::vector<FieldMistake> mistakes;
  CheckNames("admin.deny", admin.deny(), mistakes);
  CheckNames("admin.allow", admin.allow(), mistakes);
  for (int i = 0; i < admin.deny_size(); ++i) {
    CheckRule(absl::StrCat("admin.deny[", i, "]"), admin.deny(i), mistakes);
  }
  for (int i = 0; i < admin.allow_size(); ++i) {
    const std::string field = absl::StrCat("admin.allow[", i, "]");
    const v1::AllowRule& rule = admin.allow(i);
    CheckRule(field, rule, mistakes);
    if (rule.has_role() == (rule.method_size() > 0)) {
      mistakes.push_back({field + ".role", rule.has_role()
                                               ? "is given with `method`; one of them is enough"
                                               : "is missing; give a role, or `method`"});
    }
  }
  return mistakes;
}

}  // namespace muster::config
