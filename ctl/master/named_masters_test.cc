#include "muster/ctl/master/named_masters.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// What is said of a text: a line for each mistake.
std::string MistakesOf(const std::string& text) {
  return std::string(NamedMasters::Parse(text, "/c").status().message());
}

TEST(NamedMasters, AreReadFromAText) {
  const auto masters = NamedMasters::Parse(
      "master { name: \"here\" address: \"unix:/run/a.sock\" }\n"
      "master { name: \"web-1\" address: \"[::1]:9000\" certificate: \"a\" key: \"b\"\n"
      "         server_ca: \"c\" server_name: \"web\" }\n"
      "master { name: \"plain\" address: \"localhost:9000\" insecure: true }\n"
      "default_master: \"here\"\n",
      "/c");
  ASSERT_TRUE(masters.ok()) << masters.status();
  EXPECT_THAT(masters->names(), ElementsAre("here", "web-1", "plain"));
  EXPECT_EQ(masters->default_master(), "here");
  ASSERT_NE(masters->Find("web-1"), nullptr);
  EXPECT_EQ(masters->Find("web-1")->server_name(), "web");
  EXPECT_EQ(masters->Find("web"), nullptr);
}

TEST(NamedMasters, AreNoneInAnEmptyText) {
  const auto masters = NamedMasters::Parse("", "/c");
  ASSERT_TRUE(masters.ok());
  EXPECT_THAT(masters->names(), IsEmpty());
}

TEST(NamedMasters, HaveMistakesAtTheirPlaces) {
  EXPECT_EQ(MistakesOf("\n  master { nam: \"a\" }"),
            "/c:2:12: nam: is unknown; did you mean \"name\"?");
  EXPECT_EQ(MistakesOf("masters { }"), "/c:1:1: masters: is unknown; did you mean \"master\"?");
  EXPECT_EQ(MistakesOf("zzz: 1"), "/c:1:1: zzz: is unknown; the fields are master, default_master");
  EXPECT_EQ(MistakesOf("master { name: \"a b\" address: \"unix:/a\" }"),
            "/c:1:10: name: \"a b\" has other characters than letters, digits, '-' and '_'");
  EXPECT_EQ(MistakesOf("master { name: \"a\" }"),
            "/c:1:1: address: is missing; write unix:PATH or HOST:PORT");
  EXPECT_EQ(MistakesOf("master { name: \"a\" address: \"unix:/a\" }\n"
                       "master { name: \"a\" address: \"unix:/a\" }"),
            "/c:2:10: name: \"a\" is another master's, too");
  EXPECT_EQ(MistakesOf("default_master: \"a\""),
            "/c:1:1: default_master: no master has the name \"a\"");
}

TEST(NamedMasters, HaveAllMistakesOfATextTold) {
  EXPECT_EQ(MistakesOf("default_master: \"b\"\n"
                       "master { name: \"a\" address: \"h:1\" key: \"k\" }"),
            "/c:1:1: default_master: no master has the name \"b\"\n"
            "/c:2:1: certificate: is missing: h:1 is over TCP, and both sides show a certificate\n"
            "/c:2:1: server_ca: is missing: h:1 is over TCP, and both sides show a certificate");
}

TEST(NamedMasters, AreATextThatEndsWhereItShould) {
  EXPECT_EQ(MistakesOf("master { name: "), "/c:1:16: Expected string, but the text ends");
  EXPECT_EQ(MistakesOf("\n\xff\xfe"),
            "/c:2:1: there is a character that may be in quotes and comments only");
}

TEST(NamedMasters, HaveCertificatesOverTlsOnly) {
  EXPECT_EQ(MistakesOf("master { name: \"a\" address: \"unix:/a\" key: \"k\" }"),
            "/c:1:39: key: is for addresses of TCP only");
  EXPECT_EQ(MistakesOf("master { name: \"a\" address: \"h:1\" insecure: true key: \"k\" }"),
            "/c:1:50: key: has no use with insecure");
  EXPECT_EQ(MistakesOf("master { name: \"a\" address: \"unix:/a\" insecure: true }"),
            "/c:1:39: insecure: is for addresses of TCP only");
}

TEST(NamedMasters, HaveAddressesThatAreExplainedWhereTheyAre) {
  const auto of = [](const std::string& address) {
    return MistakesOf("master { name: \"a\" address: \"" + address + "\" insecure: true }");
  };
  EXPECT_EQ(of("web:"), "/c:1:20: address: \"web:\": the port is missing; write web:PORT");
  EXPECT_EQ(of("UNIX:x"), "/c:1:20: address: \"UNIX:x\": write unix: in small letters: unix:x");
  EXPECT_EQ(of("web:70000"),
            "/c:1:20: address: \"web:70000\": \"70000\" is no port; write 1 to 65535");
  EXPECT_EQ(of("web"),
            "/c:1:20: address: \"web\": the port is missing; write web:PORT, or unix:web for a "
            "path");
  EXPECT_EQ(MistakesOf("master { name: \"a\" address: \"/run/a\" }"), "");
}

TEST(NamedMasters, AreReadFromAFile) {
  const std::string path = ::testing::TempDir() + "/ctl.textproto";
  std::ofstream(path) << "master { name: \"a\" address: \"unix:/a\" }";
  const auto masters = NamedMasters::Load(path);
  ASSERT_TRUE(masters.ok()) << masters.status();
  EXPECT_EQ(masters->path(), path);
}

TEST(NamedMasters, AreNotReadFromWhatIsNotThereOrIsNoFile) {
  EXPECT_EQ(NamedMasters::Load("/no/such/file").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(NamedMasters::Load("/dev/zero").status().message(), "/dev/zero is not a file");
}

}  // namespace
}  // namespace muster::ctl
