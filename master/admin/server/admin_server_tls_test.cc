// The admin service over TCP: mutual TLS, and without it.

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/run_until.h"
#include "muster/master/admin/server/admin_server_fixture.h"
#include "muster/master/tls/tls_watch.h"
#include "muster/tests/support/test_certificates.h"

namespace muster::master {
namespace {

using admin::v1::RefusedHandshake;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using tests::TestAuthority;
using tests::TestCertificate;

const std::vector<std::string> kHost = {"DNS:localhost", "IP:127.0.0.1"};

class AdminServerTlsTest : public AdminServerTest {
 protected:
  void SetUp() override {
    AdminServerTest::SetUp();
    ASSERT_NE(::mkdtemp(files_), nullptr);
    config::v1::Log log;
    log.set_path(absl::StrCat(files_, "/log"));
    ASSERT_TRUE(log_.Configure(log).ok());
    tls_.set_certificate(absl::StrCat(files_, "/own.pem"));
    tls_.set_key(absl::StrCat(files_, "/own.key"));
    tls_.set_client_ca(absl::StrCat(files_, "/ca.pem"));
    WriteFiles(authority_);
    health_.Set({{"", true}});
  }
  void TearDown() override {
    AdminServerTest::TearDown();
    std::filesystem::remove_all(files_);
  }

  void WriteFiles(const TestAuthority& authority) {
    std::ofstream(tls_.client_ca()) << authority.certificate();
    authority.Issue("master", kHost).WriteTo(files_, "own");
  }
  std::string LogText() const {
    std::ifstream file(absl::StrCat(files_, "/log"));
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // What was told of handshakes that came to nothing.
  std::vector<RefusedHandshake> Refused() const {
    std::vector<RefusedHandshake> refused;
    for (const auto& event : events_.Read(1, EventRing::kCapacity).events) {
      if (event->has_handshake()) refused.push_back(event->handshake());
    }
    return refused;
  }

  AdminTerms TermsFor(const std::string& rules) {
    AdminTerms terms = TermsWith(rules);
    terms.tls = *TlsMaterial::Read(tls_);
    terms.tls_files = tls_;
    return terms;
  }
  // Listens on TCP, and on the Unix socket.
  void ListenOnBoth() {
    listeners_ = *Listen(absl::StrCat("listen: '127.0.0.1:0' listen: 'unix:", socket_path(), "'"));
  }
  void StartTls(const std::string& rules) {
    ListenOnBoth();
    StartWith(TermsFor(rules));
  }
  const listen::Address& tcp() const { return listeners_.ForAdmin()[0]->address(); }

  std::shared_ptr<grpc::Channel> ConnectAs(const TestAuthority& server,
                                           const std::optional<TestCertificate>& own) const {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = server.certificate();
    if (own.has_value()) {
      options.pem_cert_chain = own->certificate;
      options.pem_private_key = own->key;
    }
    // Without one, gRPC would hand out the connection of another channel of the test.
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(tcp().ToString(), grpc::SslCredentials(options), arguments);
  }
  std::shared_ptr<grpc::Channel> ConnectAs(const std::string& common_name,
                                           const std::vector<std::string>& names) const {
    return ConnectAs(authority_, authority_.Issue(common_name, names));
  }

  grpc::Status CheckOn(const std::shared_ptr<grpc::Channel>& channel) {
    grpc::health::v1::HealthCheckResponse response;
    return Serve([&] { return Check(channel, "", &response); });
  }
  grpc::Status ReloadOn(const std::shared_ptr<grpc::Channel>& channel) {
    admin::v1::ReloadResponse response;
    return Serve([&] {
      grpc::ClientContext context;
      return admin::v1::Admin::NewStub(channel)->Reload(&context, {}, &response);
    });
  }

  ipc::UniqueFd ConnectPlainly() const {
    ipc::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(fd.get(), tcp().get(), tcp().size()), 0);
    return fd;
  }

  char files_[32] = "/tmp/muster-tls-XXXXXX";
  const TestAuthority authority_{"tests"};
  config::v1::AdminTls tls_;
};

constexpr char kViewers[] = "allow { name: 'r' principal: 'spiffe://ops/*' role: VIEWER }";

TEST_F(AdminServerTlsTest, ServesWhomACertificateNames) {
  StartTls(kViewers);
  const auto channel = ConnectAs("ann", {"URI:spiffe://ops/ann"});
  const grpc::Status status = CheckOn(channel);
  EXPECT_TRUE(status.ok()) << status.error_message();
  const grpc::Status refused = ReloadOn(channel);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(refused.error_message(), StartsWith("spiffe://ops/ann from 127.0.0.1:"));
  EXPECT_THAT(refused.error_message(), HasSubstr(" may not call Reload: no rule of admin.allow"));
}

TEST_F(AdminServerTlsTest, KnowsACertificateByEachOfItsNames) {
  const auto channel_of = [&] {
    return ConnectAs("ann", {"URI:https://ops.example/ann", "DNS:Ann.ops.example"});
  };
  ListenOnBoth();
  for (const char* principal :
       {"uri:https://ops.example/*", "dns:*.ops.example", "subject:CN=ann", "*"}) {
    StartWith(
        TermsFor(absl::StrCat("allow { name: 'r' principal: '", principal, "' role: VIEWER }")));
    EXPECT_TRUE(CheckOn(channel_of()).ok()) << principal;
    server_.reset();
  }
  for (const char* principal : {"spiffe://*", "dns:ann", "subject:ann", "anonymous"}) {
    StartWith(
        TermsFor(absl::StrCat("allow { name: 'r' principal: '", principal, "' role: VIEWER }")));
    EXPECT_EQ(CheckOn(channel_of()).error_code(), grpc::StatusCode::PERMISSION_DENIED) << principal;
    server_.reset();
  }
}

TEST_F(AdminServerTlsTest, LetsNobodyDoAnythingWithoutARule) {
  StartTls("");
  // Not even who calls itself as the owner of the Unix socket is called.
  const auto channel = ConnectAs(absl::StrCat("uid:", ::getuid()), {"URI:uid:0"});
  EXPECT_EQ(CheckOn(channel).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(CheckOn(Connect()).ok()) << "the owner, over the Unix socket";
}

TEST_F(AdminServerTlsTest, RefusesAHandshakeWithoutAGoodCertificate) {
  StartTls("allow { name: 'all' principal: '*' role: ADMIN }");
  const TestAuthority others("others");
  const std::vector<std::string> names = {"URI:spiffe://ops/ann"};
  EXPECT_EQ(CheckOn(ConnectAs(authority_, std::nullopt)).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(CheckOn(ConnectAs(authority_, others.Issue("ann", names))).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(
      CheckOn(ConnectAs(authority_, authority_.Issue("ann", names, -absl::Hours(1)))).error_code(),
      grpc::StatusCode::UNAVAILABLE);
  // The first one at once, and the others together.
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return Refused().size() >= 2; }));
  EXPECT_EQ(Refused().at(0).left_out(), 0u);
  EXPECT_GE(Refused().at(1).left_out(), 1u);
  for (const RefusedHandshake& refused : Refused()) {
    EXPECT_THAT(refused.address(), StartsWith("127.0.0.1:"));
    // That of a client which has seen it by now is over on both sides.
    EXPECT_THAT(refused.reason(), AnyOf(RefusedHandshake::CLIENT_REFUSED, RefusedHandshake::ENDED));
  }
  EXPECT_THAT(LogText(), HasSubstr("audit: handshake address=\"127.0.0.1:"));
  EXPECT_GE(refused_handshakes_, 3);
  EXPECT_TRUE(CheckOn(ConnectAs("ann", names)).ok());
}

TEST_F(AdminServerTlsTest, RefusesWhoSpeaksNoTls) {
  StartTls("allow { name: 'all' principal: '*' role: ADMIN }");
  EXPECT_FALSE(
      CheckOn(grpc::CreateChannel(tcp().ToString(), grpc::InsecureChannelCredentials())).ok());
  ASSERT_FALSE(Refused().empty());
  EXPECT_EQ(Refused().at(0).reason(), RefusedHandshake::NOT_TLS);
}

TEST_F(AdminServerTlsTest, TellsWhoDoesNotTrustItsCertificate) {
  StartTls(kViewers);
  const TestAuthority others("others");
  EXPECT_EQ(CheckOn(ConnectAs(others, authority_.Issue("ann", {}))).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return !Refused().empty(); }));
  EXPECT_THAT(Refused().at(0).reason(),
              AnyOf(RefusedHandshake::CLIENT_LEFT, RefusedHandshake::ENDED));
}

TEST_F(AdminServerTlsTest, HasNewFilesInForceWithoutARestart) {
  StartTls(kViewers);
  const std::vector<std::string> names = {"URI:spiffe://ops/ann"};
  const auto before = ConnectAs("ann", names);
  ASSERT_TRUE(CheckOn(before).ok());

  const TestAuthority next("next");
  WriteFiles(next);
  const TlsMaterial written = *TlsMaterial::Read(tls_);
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return server_->tls_material() == written; }))
      << LogText();
  EXPECT_TRUE(CheckOn(ConnectAs(next, next.Issue("ann", names))).ok());
  EXPECT_EQ(CheckOn(ConnectAs(next, authority_.Issue("ann", names))).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(CheckOn(before).ok()) << "connections stay";
}

TEST_F(AdminServerTlsTest, KeepsWhatIsInForceWhileTheFilesDoNotBelongTogether) {
  StartTls(kViewers);
  std::filesystem::remove(tls_.key());
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] {
    return absl::StrContains(LogText(), "admin: what was in force for TLS stays: admin.tls.key: ");
  }));
  EXPECT_TRUE(CheckOn(ConnectAs("ann", {"URI:spiffe://ops/ann"})).ok());
}

TEST_F(AdminServerTlsTest, LooksAtNoFilesThatAReloadHasLeftOut) {
  StartTls(kViewers);
  tls_.set_certificate(absl::StrCat(files_, "/next.pem"));
  tls_.set_key(absl::StrCat(files_, "/next.key"));
  authority_.Issue("next", kHost).WriteTo(files_, "next");
  ASSERT_TRUE(server_->Keep(listeners_, TermsFor(kViewers)).ok());
  authority_.Issue("forgotten", kHost).WriteTo(files_, "own");
  loop::RunUntil(*loop_, [end = loop::Clock::now() + 4 * TlsWatch::kInterval] {
    return loop::Clock::now() > end;
  });
  EXPECT_THAT(LogText(), HasSubstr("CN=next is in force"));
  EXPECT_THAT(LogText(), Not(HasSubstr("CN=forgotten")));
  ASSERT_TRUE(server_->tls_material().has_value());
  EXPECT_EQ(server_->tls_material()->subject(), "CN=next");

  AdminTerms without = TermsWith(kViewers);
  ASSERT_TRUE(server_->Keep(listeners_, without).ok());
  EXPECT_FALSE(server_->tls_material().has_value());
}

TEST_F(AdminServerTlsTest, GivesHandshakesNoPlaceOfThoseWhoAreKnown) {
  StartTls(kViewers);
  const auto known = ConnectAs("ann", {"URI:spiffe://ops/ann"});
  ASSERT_TRUE(CheckOn(known).ok());
  std::vector<ipc::UniqueFd> half;
  for (std::size_t i = 0;
       i < server_->tcp_clients().most_connections() + AdminClients::kMostUnverified; ++i) {
    half.push_back(ConnectPlainly());
    ASSERT_EQ(::send(half.back().get(), "\x16\x03\x01", 3, MSG_NOSIGNAL), 3);
    ASSERT_TRUE(loop_->RunOnce(std::chrono::milliseconds(10)).ok());
  }
  EXPECT_TRUE(loop::RunUntil(
      *loop_, [&] { return server_->connections() <= AdminClients::kMostUnverified + 1; }));
  EXPECT_TRUE(known->GetState(false) == GRPC_CHANNEL_READY);
  EXPECT_TRUE(CheckOn(known).ok());
  EXPECT_TRUE(CheckOn(ConnectAs("bob", {"URI:spiffe://ops/bob"})).ok());
}

TEST_F(AdminServerTlsTest, DoesNotKnowWhoCallsWithoutTls) {
  ListenOnBoth();
  StartWith(TermsWith("allow { name: 'r' principal: 'anonymous' role: VIEWER }"));
  const auto channel = grpc::CreateChannel(tcp().ToString(), grpc::InsecureChannelCredentials());
  EXPECT_TRUE(CheckOn(channel).ok());
  EXPECT_THAT(ReloadOn(channel).error_message(), StartsWith("anonymous from 127.0.0.1:"));
}

}  // namespace
}  // namespace muster::master
