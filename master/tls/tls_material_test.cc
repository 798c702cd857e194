#include "muster/master/tls/tls_material.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/proto/field_error.h"
#include "muster/tests/support/test_certificates.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;
using tests::TestAuthority;

// A key of 512 bits, and its certificate until 2126.
constexpr char kWeakKey[] = R"(-----BEGIN PRIVATE KEY-----
MIIBVgIBADANBgkqhkiG9w0BAQEFAASCAUAwggE8AgEAAkEAq6qqX9omYkd+ORmt
5/8blBz7c/Kx0l9kB2feZAzjRaM7E2BVkovKXWeXlzYTWVOTkQgpMj4gf99l0wvJ
MnzBQQIDAQABAkB5l4TeJ9KQQjtxjnLTpKqQGocw9XJmpBJh/HxVOZuxMmeAj3cJ
8kmpFWCxLLKdDzQwih4BHfQVnag3/ZynI6vBAiEA4Ai7882lOVzaY0zrHjXxX/Tc
VIyc9Ur6CNy49Cozc2UCIQDEKRym++M3LfSLA5ABPTotyarKdbHRKYw7mWYnFuNO
rQIhAJ8jdSc85+W0YGjzJXyDQt8vlybz7zaKuMt8xmCibYPFAiEAuM06jx6TCzMi
Ra0Ph/tUyjpJyv9ijHkmAigckwr/DukCIQDSHabfzmxWt/0geC3UUmN5p31eAC+x
x7WzKnA2f4d/EQ==
-----END PRIVATE KEY-----
)";
constexpr char kWeakCertificate[] = R"(-----BEGIN CERTIFICATE-----
MIIBcTCCARugAwIBAgIUXUMg0CZTFsNctclek5hpx8IHggowDQYJKoZIhvcNAQEL
BQAwDDEKMAgGA1UEAwwBdzAgFw0yNjExMjcwNjU2NDdaGA8yMTI2MTEwMzA2NTY0
N1owDDEKMAgGA1UEAwwBdzBcMA0GCSqGSIb3DQEBAQUAA0sAMEgCQQCrqqpf2iZi
R345Ga3n/xuUHPtz8rHSX2QHZ95kDONFozsTYFWSi8pdZ5eXNhNZU5ORCCkyPiB/
32XTC8kyfMFBAgMBAAGjUzBRMB0GA1UdDgQWBBS36XMTa8anXDeLiTosVoSm1CY0
BjAfBgNVHSMEGDAWgBS36XMTa8anXDeLiTosVoSm1CY0BjAPBgNVHRMBAf8EBTAD
AQH/MA0GCSqGSIb3DQEBCwUAA0EAfXspVMn9gq0sffLLJ0k7pVeE97rv4J5FzTFy
JZFFm1NbZ7ymLatWRN4fympzvva2EBHHCoe8P2N/Mb5OEFiqDA==
-----END CERTIFICATE-----
)";

class TlsMaterialTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(folder_), nullptr);
    authority_.Issue("master").WriteTo(folder_, "own");
    Write("ca.pem", authority_.certificate());
    files_.set_certificate(Path("own.pem"));
    files_.set_key(Path("own.key"));
    files_.set_client_ca(Path("ca.pem"));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return absl::StrCat(folder_, "/", name); }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name)) << text;
  }
  std::string Contents(const std::string& name) const {
    std::ifstream file(Path(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // "FIELD: MESSAGE" of the error.
  std::string Problem() const {
    const absl::Status status = TlsMaterial::Read(files_).status();
    EXPECT_FALSE(status.ok());
    return absl::StrCat(config::FieldOf(status), ": ", status.message());
  }

  char folder_[32] = "/tmp/muster-tls-XXXXXX";
  const TestAuthority authority_{"tests"};
  config::v1::AdminTls files_;
};

TEST_F(TlsMaterialTest, IsWhatTheFilesHave) {
  const auto material = TlsMaterial::Read(files_);
  ASSERT_TRUE(material.ok()) << material.status();
  EXPECT_EQ(material->certificate(), Contents("own.pem"));
  EXPECT_EQ(material->key(), Contents("own.key"));
  EXPECT_EQ(material->client_ca(), authority_.certificate());
  EXPECT_EQ(material->subject(), "CN=master");
  EXPECT_GT(material->expiry(), absl::Now() + absl::Minutes(50));
  EXPECT_LT(material->expiry(), absl::Now() + absl::Minutes(70));
  EXPECT_EQ(*material, *TlsMaterial::Read(files_));
  authority_.Issue("master").WriteTo(folder_, "own");
  EXPECT_NE(*material, *TlsMaterial::Read(files_));
}

TEST_F(TlsMaterialTest, IsReadFromAChainAndFromSeveralAuthorities) {
  Write("own.pem", Contents("own.pem") + authority_.certificate());
  Write("ca.pem", authority_.certificate() + TestAuthority("others").certificate());
  const auto material = TlsMaterial::Read(files_);
  ASSERT_TRUE(material.ok()) << material.status();
  EXPECT_EQ(material->authorities(), 2);
}

TEST_F(TlsMaterialTest, KnowsWhetherOthersCanReadItsKey) {
  ASSERT_EQ(::chmod(folder_, 0755), 0);
  ASSERT_EQ(::chmod(Path("own.key").c_str(), 0644), 0);
  EXPECT_EQ(
      TlsMaterial::Read(files_)->key_exposure(),
      absl::StrCat(Path("own.key"), " has mode 0644: every user of this machine can read it"));
  ASSERT_EQ(::chmod(Path("own.key").c_str(), 0640), 0);
  EXPECT_EQ(TlsMaterial::Read(files_)->key_exposure(), "");
}

TEST_F(TlsMaterialTest, NamesTheFileThatIsNotThere) {
  files_.set_certificate(Path("none"));
  EXPECT_THAT(Problem(), HasSubstr("admin.tls.certificate: open "));
  files_.set_certificate(Path("own.pem"));
  files_.set_key(Path("none"));
  EXPECT_THAT(Problem(), HasSubstr("admin.tls.key: open "));
  files_.set_key(Path("own.key"));
  files_.set_client_ca(Path("none"));
  EXPECT_THAT(Problem(), HasSubstr("none: No such file or directory"));
}

TEST_F(TlsMaterialTest, WaitsForNoPipe) {
  ASSERT_EQ(::mkfifo(Path("pipe").c_str(), 0600), 0);
  files_.set_key(Path("pipe"));
  EXPECT_THAT(Problem(), HasSubstr("admin.tls.key: "));
  EXPECT_THAT(Problem(), HasSubstr("pipe is not a regular file"));
  files_.set_key(folder_);
  EXPECT_THAT(Problem(), HasSubstr("is not a regular file"));
}

TEST_F(TlsMaterialTest, NamesWhatIsInTheWrongFile) {
  files_.set_certificate(Path("own.key"));
  EXPECT_THAT(Problem(), HasSubstr("own.key has no certificate in PEM"));
  files_.set_certificate(Path("own.pem"));
  files_.set_key(Path("ca.pem"));
  EXPECT_THAT(Problem(), HasSubstr("ca.pem has no private key in PEM"));
  Write("locked.key",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n");
  files_.set_key(Path("locked.key"));
  EXPECT_THAT(Problem(), HasSubstr("locked.key has a passphrase"));
  Write("cut.key", Contents("own.key").substr(0, 60));
  files_.set_key(Path("cut.key"));
  EXPECT_THAT(Problem(), HasSubstr("cut.key: the private key cannot be read"));
  files_.set_key(Path("own.key"));
  Write("ca.pem", "");
  EXPECT_THAT(Problem(), HasSubstr("admin.tls.client_ca: "));
}

TEST_F(TlsMaterialTest, FindsABrokenCertificateAmongGoodOnes) {
  std::string broken = authority_.certificate();
  broken.replace(broken.size() / 2, 8, "********");
  Write("ca.pem", authority_.certificate() + broken);
  EXPECT_THAT(Problem(), HasSubstr("ca.pem: certificate 2 in it cannot be read"));
}

TEST_F(TlsMaterialTest, RefusesTheKeyOfAnotherCertificate) {
  authority_.Issue("other").WriteTo(folder_, "other");
  files_.set_key(Path("other.key"));
  EXPECT_THAT(Problem(), HasSubstr("other.key is not the key of the certificate CN=master in "));
}

TEST_F(TlsMaterialTest, RefusesACertificateThatNoServerCanUse) {
  Write("own.pem", kWeakCertificate);
  Write("own.key", kWeakKey);
  EXPECT_EQ(Problem(), absl::StrCat("admin.tls.certificate: ", Path("own.pem"),
                                    " cannot be used for TLS here: ee key too small"));
}

TEST_F(TlsMaterialTest, RefusesFilesWithoutAnEnd) {
  Write("ca.pem", std::string(TlsMaterial::kMostBytes + 1, '\n'));
  EXPECT_THAT(Problem(), HasSubstr("has more than 1048576 bytes"));
}

TEST_F(TlsMaterialTest, IsTheSameOfTheTextsThatTheFilesHad) {
  const auto read = TlsMaterial::Read(files_);
  ASSERT_TRUE(read.ok()) << read.status();
  std::filesystem::remove(Path("own.key"));
  const auto again = TlsMaterial::Of(files_, read->certificate(), read->key(), read->client_ca());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, *read);
  EXPECT_EQ(again->subject(), "CN=master");
  EXPECT_EQ(again->expiry(), read->expiry());
  EXPECT_THAT(
      std::string(
          TlsMaterial::Of(files_, read->certificate(), "", read->client_ca()).status().message()),
      HasSubstr("own.key has no private key in PEM"));
}

}  // namespace
}  // namespace muster::master
