#include "muster/master/access/access_policy.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/config/access/identity_kind.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/field_error.h"

namespace muster::master {
namespace {

using config::v1::Admin;

std::string IdentityOf(uid_t uid) { return absl::StrCat(config::kUid, uid); }

std::string Quoted(absl::string_view text) { return absl::StrCat("\"", absl::CEscape(text), "\""); }

}  // namespace

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
      absl::StatusOr<std::string> resolved = config::PrincipalPattern::Resolve(rule.principal(i));
      if (!resolved.ok()) {
        return config::AtField(resolved.status(), absl::StrCat(field, ".principal[", i, "]"));
      }
      rule.set_principal(i, *std::move(resolved));
      MUSTER_ASSIGN_OR_RETURN(config::PrincipalPattern principal,
                              config::PrincipalPattern::Find(rule.principal(i)));
      added.principals.push_back(std::move(principal));
    }
    for (const std::string& method : rule.method()) {
      added.methods.emplace_back(config::MethodPattern(method));
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

bool AccessPolicy::Rule::Matches(const Caller& caller, const config::AdminMethod& method) const {
  const auto matches_caller = [&](const config::PrincipalPattern& principal) {
    return std::any_of(caller.identities.begin(), caller.identities.end(),
                       [&](const std::string& identity) { return principal.Matches(identity); });
  };
  if (std::none_of(principals.begin(), principals.end(), matches_caller)) return false;
  // Each role includes the ones before it.
  if (role.has_value()) return method.role <= *role;
  // Of a rule that denies, no methods means all.
  return methods.empty() ||
         std::any_of(methods.begin(), methods.end(), [&](const config::AccessPattern& pattern) {
           return pattern.Matches(method.path);
         });
}

AccessPolicy::Decision AccessPolicy::Decide(const Caller& caller,
                                            const config::AdminMethod& method) const {
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
