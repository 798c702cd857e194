#include "muster/config/access/principal_pattern.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::config {
namespace {

using ::testing::HasSubstr;

bool Means(const std::string& text, const std::string& identity) {
  EXPECT_EQ(PrincipalPattern::WhyNot(text), "") << text;
  return PrincipalPattern::Find(text)->Matches(identity);
}

TEST(PrincipalPattern, MeansAUserOrAGroupByNumber) {
  EXPECT_TRUE(Means("uid:10", "uid:10"));
  EXPECT_FALSE(Means("uid:10", "uid:100"));
  EXPECT_FALSE(Means("uid:10", "gid:10"));
  EXPECT_TRUE(Means("gid:10", "gid:10"));
}

TEST(PrincipalPattern, MeansAUserOrAGroupByName) {
  EXPECT_TRUE(Means("user:root", "uid:0"));
  EXPECT_TRUE(Means("group:root", "gid:0"));
  EXPECT_FALSE(Means("user:root", "subject:root"));
  EXPECT_FALSE(PrincipalPattern::Find("user:no-such-user").ok());
}

TEST(PrincipalPattern, MeansASpiffeIdAsTheUriThatItIs) {
  EXPECT_TRUE(Means("spiffe://ops/ann", "uri:spiffe://ops/ann"));
  EXPECT_FALSE(Means("spiffe://ops/ann", "uri:spiffe://ops/anna"));
  EXPECT_TRUE(Means("spiffe://ops/*", "uri:spiffe://ops/ann"));
  EXPECT_FALSE(Means("spiffe://ops/*", "uri:spiffe://ops.evil/ann"));
  EXPECT_TRUE(Means("uri:spiffe://ops/ann", "uri:spiffe://ops/ann"));
  EXPECT_FALSE(Means("spiffe://*", "dns:spiffe://ops/ann"));
}

TEST(PrincipalPattern, MeansNamesOfACertificateWithAStarAtAnEnd) {
  EXPECT_TRUE(Means("dns:*.ops.example", "dns:ann.ops.example"));
  EXPECT_FALSE(Means("dns:*.ops.example", "dns:ops.example"));
  EXPECT_FALSE(Means("dns:*.ops.example", "dns:ann.ops.example.evil"));
  EXPECT_FALSE(Means("dns:*.ops.example", "uri:ann.ops.example"));
  EXPECT_TRUE(Means("dns:Ann.Ops.Example", "dns:ann.ops.example"));
  EXPECT_TRUE(Means("subject:CN=ann,O=Ops", "subject:CN=ann,O=Ops"));
  EXPECT_TRUE(Means("subject:CN=ann*", "subject:CN=ann,O=Ops"));
  EXPECT_TRUE(Means("subject:*", "subject:CN=ann,O=Ops"));
  EXPECT_FALSE(Means("subject:CN=ann*", "subject:CN=bob,O=Ops"));
}

TEST(PrincipalPattern, MeansEverybodyOrWhoIsNotKnown) {
  for (const char* identity : {"uid:0", "uri:spiffe://ops/ann", "anonymous"}) {
    EXPECT_TRUE(Means("*", identity)) << identity;
  }
  EXPECT_TRUE(Means("anonymous", "anonymous"));
  EXPECT_FALSE(Means("anonymous", "uid:0"));
}

TEST(PrincipalPattern, SaysWhatIsNotAPrincipal) {
  EXPECT_THAT(PrincipalPattern::WhyNot("alice"),
              HasSubstr("\"alice\" is not a principal; write \"user:NAME\""));
  EXPECT_THAT(PrincipalPattern::WhyNot("uid:alice"),
              HasSubstr("does not have a number after \"uid:\"; for a name write \"user:\""));
  for (const char* text : {"uid:99999999999", "uid:4294967295", "uid:01000", "uid:+1", "uid: 1",
                           "uid:1 ", "uid:-1", "uid:", "uid:*", "gid:*"}) {
    EXPECT_THAT(PrincipalPattern::WhyNot(text), HasSubstr("does not have a number")) << text;
  }
  for (const char* text : {"group:", "", "anonymous:", "uids:1", "DNS:a"}) {
    EXPECT_THAT(PrincipalPattern::WhyNot(text), HasSubstr("is not a principal")) << text;
  }
  for (const char* text : {"dns:a*b", "spiffe://*/a/*", "uri:**", "subject:a*b"}) {
    EXPECT_THAT(PrincipalPattern::WhyNot(text), HasSubstr("may have one \"*\"")) << text;
  }
  EXPECT_THAT(PrincipalPattern::WhyNot("subject:*,O=Ops"),
              HasSubstr("may have a \"*\" at its end, not at its beginning"));
  for (const char* text : {"dns:", "uri:", "subject:"}) {
    EXPECT_THAT(PrincipalPattern::WhyNot(text), HasSubstr("has nothing after")) << text;
  }
}

}  // namespace
}  // namespace muster::config
