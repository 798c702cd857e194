#include "muster/master/access/access_policy.h"

#include <algorithm>
#include <map>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/field_error.h"

namespace muster::master {
namespace {

using config::FieldMistake;
using config::v1::Admin;

std::string IdentityOf(uid_t uid) { return absl::StrCat(kUid, uid); }

std::string Quoted(absl::string_view text) { return absl::StrCat("\"", absl::CEscape(text), "\""); }

// "Reload" is the method of muster's own service; a path is a path.
std::string PathPattern(absl::string_view text) {
  const bool is_short = !absl::StrContains(text, '/') && !absl::StartsWith(text, "*");
  return absl::StrCat(is_short ? kAdminService : "", text);
}

std::string WhyNoMethod(absl::string_view text) {
  if (!AccessPattern::IsOne(text)) {
    return absl::StrCat(Quoted(text), " may have one \"*\", at its beginning or its end");
  }
  const AccessPattern pattern(PathPattern(text));
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

std::vector<FieldMistake> AccessPolicy::Check(const Admin& admin) {
  std::vector<FieldMistake> mistakes;
  CheckNames("admin.deny", admin.deny(), mistakes);
  CheckNames("admin.allow", admin.allow(), mistakes);
  for (int i = 0; i < admin.deny_size(); ++i) {
    CheckRule(absl::StrCat("admin.deny[", i, "]"), admin.deny(i), mistakes);
  }
  for (int i = 0; i < admin.allow_size(); ++i) {
    const std::string field = absl::StrCat("admin.allow[", i, "]");
    const config::v1::AllowRule& rule = admin.allow(i);
    CheckRule(field, rule, mistakes);
    if (rule.has_role() == (rule.method_size() > 0)) {
      mistakes.push_back({field + ".role", rule.has_role()
                                               ? "is given with `method`; one of them is enough"
                                               : "is missing; give a role, or `method`"});
    }
  }
  return mistakes;
}

absl::StatusOr<AccessPolicy> AccessPolicy::Find(const Admin& admin,
                                                const std::vector<uid_t>& owners) {
  AccessPolicy policy;
  for (const uid_t owner : owners) policy.owners_.push_back(IdentityOf(owner));
  policy.owner_ids_ = owners;
  *policy.rules_.mutable_deny() = admin.deny();
  *policy.rules_.mutable_allow() = admin.allow();
  const auto add = [](const std::string& field, auto& rule,
                      std::vector<Rule>& rules) -> absl::Status {
    Rule added;
    added.name = rule.name();
    for (int i = 0; i < rule.principal_size(); ++i) {
      absl::StatusOr<std::string> resolved = PrincipalPattern::Resolve(rule.principal(i));
      if (!resolved.ok()) {
        return config::AtField(resolved.status(), absl::StrCat(field, ".principal[", i, "]"));
      }
      rule.set_principal(i, *std::move(resolved));
      MUSTER_ASSIGN_OR_RETURN(PrincipalPattern principal,
                              PrincipalPattern::Find(rule.principal(i)));
      added.principals.push_back(std::move(principal));
    }
    for (const std::string& method : rule.method()) {
      added.methods.emplace_back(PathPattern(method));
    }
    rules.push_back(std::move(added));
    return absl::OkStatus();
  };
  for (int i = 0; i < admin.deny_size(); ++i) {
    MUSTER_RETURN_IF_ERROR(
        add(absl::StrCat("admin.deny[", i, "]"), *policy.rules_.mutable_deny(i), policy.deny_));
  }
  for (int i = 0; i < admin.allow_size(); ++i) {
    MUSTER_RETURN_IF_ERROR(
        add(absl::StrCat("admin.allow[", i, "]"), *policy.rules_.mutable_allow(i), policy.allow_));
    if (admin.allow(i).has_role()) policy.allow_.back().role = admin.allow(i).role();
  }
  return policy;
}

bool AccessPolicy::Rule::Matches(const Caller& caller, const AdminMethod& method) const {
  const auto matches_caller = [&](const PrincipalPattern& principal) {
    return std::any_of(caller.identities.begin(), caller.identities.end(),
                       [&](const std::string& identity) { return principal.Matches(identity); });
  };
  if (std::none_of(principals.begin(), principals.end(), matches_caller)) return false;
  // Each role includes the ones before it.
  if (role.has_value()) return method.role <= *role;
  // Of a rule that denies, no methods means all.
  return methods.empty() ||
         std::any_of(methods.begin(), methods.end(),
                     [&](const AccessPattern& pattern) { return pattern.Matches(method.path); });
}

AccessPolicy::Decision AccessPolicy::Decide(const Caller& caller, const AdminMethod& method) const {
  for (const Rule& rule : deny_) {
    if (rule.Matches(caller, method)) {
      return {false, absl::StrCat("rule ", Quoted(rule.name), " of admin.deny refuses it")};
    }
  }
  for (const Rule& rule : allow_) {
    if (rule.Matches(caller, method)) return {.is_allowed = true};
  }
  if (IsOwner(caller)) return {.is_allowed = true};
  return {false, "no rule of admin.allow allows it"};
}

bool AccessPolicy::IsOwner(const Caller& caller) const {
  return std::any_of(caller.identities.begin(), caller.identities.end(),
                     [&](const std::string& identity) {
                       return std::find(owners_.begin(), owners_.end(), identity) != owners_.end();
                     });
}

}  // namespace muster::master
