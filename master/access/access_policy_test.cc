#include "muster/master/access/access_policy.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "muster/config/access/access_check.h"
#include "muster/proto/field_error.h"

namespace muster::master {
namespace {

using config::v1::Role;
using ::testing::HasSubstr;

constexpr uid_t kOwner = 1000;

config::v1::Admin Parse(const std::string& rules) {
  config::v1::Admin admin;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(rules, &admin)) << rules;
  return admin;
}

AccessPolicy Policy(const std::string& rules) {
  const config::v1::Admin admin = Parse(rules);
  EXPECT_TRUE(config::CheckAccess(admin).empty()) << config::CheckAccess(admin)[0].problem;
  return *AccessPolicy::Find(admin, {kOwner});
}

Caller User(uid_t uid, const std::vector<gid_t>& groups = {}) {
  Caller caller{{absl::StrCat("uid:", uid)}, absl::StrCat("uid ", uid)};
  for (const gid_t group : groups) caller.identities.push_back(absl::StrCat("gid:", group));
  return caller;
}

AccessPolicy::Decision Decide(const std::string& rules, const Caller& caller,
                              const std::string& method) {
  return Policy(rules).Decide(caller,
                              config::AdminMethodAt(absl::StrCat(config::kAdminService, method)));
}

bool Allows(const std::string& rules, const Caller& caller, const std::string& method) {
  return Decide(rules, caller, method).is_allowed;
}

TEST(AccessPolicy, AllowsTheOwnerEverythingAndOthersNothing) {
  for (const config::AdminMethod& method : config::AdminMethods()) {
    EXPECT_TRUE(Policy("").Decide(User(kOwner), method).is_allowed) << method.path;
    const AccessPolicy::Decision other = Policy("").Decide(User(1001), method);
    EXPECT_FALSE(other.is_allowed) << method.path;
    EXPECT_EQ(other.reason, "no rule of admin.allow allows it");
  }
}

TEST(AccessPolicy, RefusesEverybodyWithoutOwnersAndRules) {
  EXPECT_FALSE(AccessPolicy().Decide(User(0), config::AdminMethods()[0]).is_allowed);
}

TEST(AccessPolicy, AllowsEachRoleWhatItIncludes) {
  for (const Role role : {config::v1::VIEWER, config::v1::OPERATOR, config::v1::ADMIN}) {
    const AccessPolicy policy = Policy(absl::StrCat(
        "allow { name: 'r' principal: 'uid:7' role: ", config::v1::Role_Name(role), " }"));
    for (const config::AdminMethod& method : config::AdminMethods()) {
      EXPECT_EQ(policy.Decide(User(7), method).is_allowed, method.role <= role)
          << method.path << " " << role;
      EXPECT_FALSE(policy.Decide(User(8), method).is_allowed) << method.path;
    }
  }
}

TEST(AccessPolicy, AllowsMethodsByNameAndByPattern) {
  const std::string rules =
      "allow { name: 'r' principal: 'uid:7' method: 'Reload' method: 'Get*' method: '*/Check' }";
  EXPECT_TRUE(Allows(rules, User(7), "Reload"));
  EXPECT_TRUE(Allows(rules, User(7), "GetStatus"));
  EXPECT_TRUE(Policy(rules)
                  .Decide(User(7), config::AdminMethodAt("/grpc.health.v1.Health/Check"))
                  .is_allowed);
  EXPECT_FALSE(Allows(rules, User(7), "Reopen"));
  EXPECT_FALSE(Allows(rules, User(7), "ListWorkers"));
}

TEST(AccessPolicy, KnowsAGroupAmongTheOthers) {
  const std::string rules = "allow { name: 'ops' principal: 'gid:27' role: OPERATOR }";
  EXPECT_TRUE(Allows(rules, User(7, {7, 100, 27}), "Reload"));
  EXPECT_FALSE(Allows(rules, User(27, {7, 100}), "Reload")) << "that is a user";
}

TEST(AccessPolicy, KnowsACertificateByAnyOfItsNames) {
  const Caller ann = {{"uri:spiffe://ops/ann", "dns:ann.ops.example", "subject:CN=ann"}, "ann"};
  for (const char* principal : {"spiffe://ops/*", "dns:ann.ops.example", "subject:CN=ann", "*"}) {
    EXPECT_TRUE(
        Allows(absl::StrCat("allow { name: 'r' principal: '", principal, "' role: VIEWER }"), ann,
               "GetStatus"))
        << principal;
  }
  EXPECT_FALSE(Allows("allow { name: 'r' principal: 'anonymous' role: VIEWER }", ann, "GetStatus"));
  EXPECT_FALSE(Allows("", {{"subject:uid:1000"}, "uid:1000"}, "GetStatus"));
}

TEST(AccessPolicy, DeniesFirst) {
  const std::string rules =
      "allow { name: 'all' principal: '*' role: ADMIN }"
      "deny { name: 'freeze' principal: '*' method: 'Reload' }"
      "deny { name: 'mallory' principal: 'uid:9' }";
  EXPECT_EQ(Decide(rules, User(kOwner), "Reload").reason,
            "rule \"freeze\" of admin.deny refuses it");
  EXPECT_TRUE(Allows(rules, User(8), "Stop"));
  EXPECT_FALSE(Allows(rules, User(9), "GetStatus"));
}

TEST(AccessPolicy, LooksNamesUp) {
  EXPECT_TRUE(
      Allows("allow { name: 'r' principal: 'user:root' role: VIEWER }", User(0), "GetStatus"));
  EXPECT_TRUE(Allows("allow { name: 'r' principal: 'group:root' role: VIEWER }", User(7, {0}),
                     "GetStatus"));
  const auto none = AccessPolicy::Find(
      Parse("allow { name: 'r' principal: '*' principal: 'user:no-such-user' role: VIEWER }"), {});
  EXPECT_THAT(std::string(none.status().message()), HasSubstr("\"no-such-user\" is no user"));
  EXPECT_EQ(config::FieldOf(none.status()), "admin.allow[0].principal[1]");
}

TEST(AccessPolicy, IsTheSameOfItsOwnRulesWhichHaveNoNames) {
  const AccessPolicy policy = Policy(
      "deny { name: 'd' principal: 'group:root' method: 'Stop' }"
      "allow { name: 'a' principal: ['user:root', 'dns:*.Ops.example'] role: OPERATOR }");
  EXPECT_EQ(policy.rules().deny(0).principal(0), "gid:0");
  EXPECT_EQ(policy.rules().allow(0).principal(0), "uid:0");
  EXPECT_EQ(policy.rules().allow(0).principal(1), "dns:*.Ops.example");
  EXPECT_TRUE(config::CheckAccess(policy.rules()).empty());
  const AccessPolicy again = *AccessPolicy::Find(policy.rules(), policy.owners());
  EXPECT_EQ(again.rules().SerializeAsString(), policy.rules().SerializeAsString());
  EXPECT_EQ(again.owners(), policy.owners());
  for (const Caller& caller : {User(0), User(kOwner), User(7, {0}), User(7)}) {
    for (const config::AdminMethod& method : config::AdminMethods()) {
      EXPECT_EQ(again.Decide(caller, method).reason, policy.Decide(caller, method).reason);
    }
  }
}

}  // namespace
}  // namespace muster::master
