#include "muster/master/metrics/scrape_server.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/listen/address.h"
#include "muster/master/tls/tls_material.h"
#include "muster/tests/support/test_certificates.h"

namespace muster::master {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using tests::TestAuthority;
using tests::TestCertificate;

class ScrapeServerTest : public testing::Test {
 protected:
  ScrapeServerTest() : server_(*ScrapeServer::Start([] { return std::string("muster_x 1\n"); })) {}

  void Listen(std::shared_ptr<const TlsContext> tls = nullptr) {
    const listen::Address any = *listen::Address::Parse("127.0.0.1:0");
    ipc::UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ASSERT_EQ(::bind(listener.get(), any.get(), any.size()), 0);
    ASSERT_EQ(::listen(listener.get(), 64), 0);
    address_ = *listen::Address::OfSocket(listener.get());
    server_->Listen(std::move(listener), std::move(tls));
  }
  // Reads and writes give up after a minute.
  ipc::UniqueFd Connect() const {
    ipc::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval limit = {.tv_sec = 60, .tv_usec = 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    EXPECT_EQ(::connect(fd.get(), address_.get(), address_.size()), 0);
    return fd;
  }
  static void Send(const ipc::UniqueFd& fd, const std::string& bytes) {
    EXPECT_EQ(::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // Until the server closes.
  static std::string Receive(const ipc::UniqueFd& fd) {
    std::string text;
    char bytes[4096];
    while (true) {
      const ssize_t size = ::recv(fd.get(), bytes, sizeof(bytes), 0);
      if (size <= 0) return text;
      text.append(bytes, static_cast<std::size_t>(size));
    }
  }
  std::string Ask(const std::string& request) const {
    const ipc::UniqueFd fd = Connect();
    Send(fd, request);
    return Receive(fd);
  }

  const std::unique_ptr<ScrapeServer> server_;
  listen::Address address_ = *listen::Address::Parse("127.0.0.1:1");
};

TEST_F(ScrapeServerTest, AnswersWithThePage) {
  Listen();
  const std::string answer = Ask("GET /metrics HTTP/1.1\r\nHost: m\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; version=0.0.4"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 11\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nmuster_x 1\n"));
  EXPECT_THAT(Ask("GET /metrics?x=1 HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(ScrapeServerTest, AnswersAHeadRequestWithoutABody) {
  Listen();
  const std::string answer = Ask("HEAD /metrics HTTP/1.1\r\nHost: m\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 11\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
  EXPECT_THAT(Ask("HEAD /metrics HTTP/1.1\r\n\r\n"), EndsWith("\r\n\r\n")) << "it has no Host";
  EXPECT_THAT(Ask("HEAD / HTTP/1.1\r\nX: " + std::string(2 * Scrape::kMostRequestBytes, 'x')),
              EndsWith("\r\n\r\n"));
}

TEST_F(ScrapeServerTest, PassesOverEmptyLinesBeforeARequest) {
  Listen();
  EXPECT_THAT(Ask("\r\n\r\nGET /metrics HTTP/1.1\r\nHost: m\r\n\r\n"),
              EndsWith("\r\n\r\nmuster_x 1\n"));
  EXPECT_THAT(Ask("\r\nHEAD /metrics HTTP/1.1\r\n\r\n"), EndsWith("\r\n\r\n"));
  EXPECT_THAT(Ask("\nGET /metrics HTTP/1.1\r\nHost: m\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(ScrapeServerTest, RefusesWhateverElseIsAsked) {
  Listen();
  EXPECT_THAT(Ask("GET / HTTP/1.1\r\nHost: m\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
  const std::string post = Ask("POST /metrics HTTP/1.1\r\nHost: m\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(post, StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(post, HasSubstr("Allow: GET, HEAD\r\n"));
  EXPECT_THAT(Ask("\x16\x03\x01garbage\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Ask("GET /metrics HTTP/1.1\r\n" + std::string(2 * Scrape::kMostRequestBytes, 'x')),
              StartsWith("HTTP/1.1 400 "));
}

TEST_F(ScrapeServerTest, TakesARequestThatComesByteByByte) {
  Listen();
  const ipc::UniqueFd fd = Connect();
  for (const char byte : std::string("GET /metrics HTTP/1.1\r\nHost: m\r\n\r\n")) {
    Send(fd, std::string(1, byte));
  }
  EXPECT_THAT(Receive(fd), EndsWith("muster_x 1\n"));
}

TEST_F(ScrapeServerTest, ClosesTheOldestConnectionForAnother) {
  Listen();
  std::vector<ipc::UniqueFd> silent;
  for (std::size_t i = 0; i < ScrapeServer::kMost; ++i) silent.push_back(Connect());
  EXPECT_THAT(Ask("GET /metrics HTTP/1.1\r\nHost: m\r\n\r\n"), EndsWith("muster_x 1\n"));
  EXPECT_EQ(Receive(silent.front()), "") << "closed without an answer";
}

TEST_F(ScrapeServerTest, AcceptsFromAnotherSocketLater) {
  Listen();
  const listen::Address before = address_;
  Listen();
  EXPECT_THAT(Ask("GET /metrics HTTP/1.1\r\nHost: m\r\n\r\n"), EndsWith("muster_x 1\n"));
  const ipc::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_NE(::connect(fd.get(), before.get(), before.size()), 0);
}

// ---- TLS ----

class ScrapeServerTlsTest : public ScrapeServerTest {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(folder_), nullptr);
    authority_.Issue("master").WriteTo(folder_, "own");
    std::ofstream(absl::StrCat(folder_, "/ca.pem")) << authority_.certificate();
    config::v1::AdminTls files;
    files.set_certificate(absl::StrCat(folder_, "/own.pem"));
    files.set_key(absl::StrCat(folder_, "/own.key"));
    files.set_client_ca(absl::StrCat(folder_, "/ca.pem"));
    const auto context = TlsContext::Make(*TlsMaterial::Read(files));
    ASSERT_TRUE(context.ok()) << context.status();
    Listen(*context);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // The answer; empty if there is none. `own`: with which certificate; null: with none.
  std::string AskWith(const TestCertificate* own, int most_version = TLS1_3_VERSION) const {
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_max_proto_version(context, most_version);
    SSL_CTX_set_security_level(context, 0);
    if (own != nullptr) {
      own->WriteTo(folder_, "client");
      EXPECT_EQ(
          SSL_CTX_use_certificate_chain_file(context, absl::StrCat(folder_, "/client.pem").c_str()),
          1);
      EXPECT_EQ(SSL_CTX_use_PrivateKey_file(context, absl::StrCat(folder_, "/client.key").c_str(),
                                            SSL_FILETYPE_PEM),
                1);
    }
    const ipc::UniqueFd fd = Connect();
    SSL* const ssl = SSL_new(context);
    SSL_set_fd(ssl, fd.get());
    std::string answer;
    const std::string request = "GET /metrics HTTP/1.1\r\nHost: m\r\n\r\n";
    if (SSL_connect(ssl) == 1 &&
        SSL_write(ssl, request.data(), static_cast<int>(request.size())) > 0) {
      char bytes[4096];
      int size = 0;
      while ((size = SSL_read(ssl, bytes, sizeof(bytes))) > 0) answer.append(bytes, size);
    }
    SSL_free(ssl);
    SSL_CTX_free(context);
    return answer;
  }

  char folder_[32] = "/tmp/muster-scrape-XXXXXX";
  const TestAuthority authority_{"tests"};
};

TEST_F(ScrapeServerTlsTest, AnswersWhoHasACertificateOfTheAuthority) {
  const TestCertificate own = authority_.Issue("prometheus");
  EXPECT_THAT(AskWith(&own), EndsWith("muster_x 1\n"));
  EXPECT_THAT(AskWith(&own, TLS1_2_VERSION), EndsWith("muster_x 1\n"));
}

TEST_F(ScrapeServerTlsTest, AnswersNobodyElse) {
  EXPECT_EQ(AskWith(nullptr), "");
  const TestCertificate strange = TestAuthority("others").Issue("prometheus");
  EXPECT_EQ(AskWith(&strange), "");
  const TestCertificate expired = authority_.Issue("prometheus", {}, -absl::Hours(1));
  EXPECT_EQ(AskWith(&expired), "");
  const TestCertificate own = authority_.Issue("prometheus");
  EXPECT_EQ(AskWith(&own, TLS1_1_VERSION), "");
  EXPECT_THAT(Ask("GET /metrics HTTP/1.1\r\nHost: m\r\n\r\n"), Not(HasSubstr("200 OK")));
}

}  // namespace
}  // namespace muster::master
