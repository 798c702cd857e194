// The real binary and a fake admin service over TCP, with certificates made here.

#include <arpa/inet.h>
#include <grpcpp/security/server_credentials.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ctl/testing/ctl_fixture.h"
#include "muster/ctl/testing/run_ctl.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/proto/admin.pb.h"
#include "muster/tests/support/test_certificates.h"

namespace muster::ctl {
namespace {

using tests::TestAuthority;
using tests::TestCertificate;
namespace v1 = admin::v1;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Listens on a port of the loopback interface that the kernel chooses, and speaks no TLS.
class Listener {
 public:
  Listener() {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket_.get(), generic, size), 0);
    EXPECT_EQ(::listen(socket_.get(), 10), 0);
    EXPECT_EQ(::getsockname(socket_.get(), generic, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() {
    ::shutdown(socket_.get(), SHUT_RDWR);
    if (accepter_.joinable()) accepter_.join();
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const { return port_; }
  // From here on each connection is closed at once.
  void HangUp() {
    accepter_ = std::thread([this] {
      for (int fd = Accept(); fd != -1; fd = Accept()) ::close(fd);
    });
  }

 private:
  int Accept() const { return ::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC); }

  const ipc::UniqueFd socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  int port_ = 0;
  std::thread accepter_;
};

class CtlOverTls : public Ctl {
 protected:
  CtlOverTls() {
    admin_.Answer([](const v1::GetStatusRequest&, v1::Status* status) {
      status->mutable_master()->set_pid(4711);
      return grpc::Status::OK;
    });
    WriteClient(authority_.Issue("operator"));
    Write("ca.pem", authority_.certificate());
  }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
  }
  void WriteClient(const TestCertificate& pair) {
    Write("op.pem", pair.certificate);
    Write("op.key", pair.key);
  }

  // Serves with this certificate, asks for one of the authority's, and writes the entry "web".
  void ServeTls(const TestCertificate& pair, const std::string& more = "") {
    grpc::SslServerCredentialsOptions options(
        GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    options.pem_root_certs = authority_.certificate();
    options.pem_key_cert_pairs.push_back({pair.key, pair.certificate});
    port_ = admin_.ServeLoopback(grpc::SslServerCredentials(options));
    WriteEntry(port_, more);
  }

  void WriteEntry(int port, const std::string& more = "") {
    Write("ctl.textproto",
          absl::StrCat("master { name: \"web\" address: \"127.0.0.1:", port,
                       "\" certificate: \"op.pem\" key: \"op.key\" server_ca: \"ca.pem\" ", more,
                       " }"));
  }

  TestCertificate GoodServer() const { return authority_.Issue("master", {"IP:127.0.0.1"}); }

  Result Ask(const std::string& master = "web") const {
    return RunCtl({"--ctl-config", folder_ + "/ctl.textproto", "--master", master, "status"});
  }

  const TestAuthority authority_{"test authority"};
  int port_ = 0;
};

TEST_F(CtlOverTls, AsksAMasterByItsName) {
  ServeTls(GoodServer());
  const Result result = Ask();
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.out, HasSubstr("pid 4711"));
}

TEST_F(CtlOverTls, AsksAMasterByItsAddressWithTheFilesOfItsEntry) {
  ServeTls(GoodServer());
  const Result result = Ask(absl::StrCat("127.0.0.1:", port_));
  EXPECT_EQ(result.code, 0) << result.error;
}

TEST_F(CtlOverTls, FindsTheFileOfMastersInTheHomeFolder) {
  ServeTls(GoodServer());
  std::filesystem::create_directories(folder_ + "/.config");
  std::filesystem::create_symlink(folder_, folder_ + "/.config/muster");
  EXPECT_EQ(RunCtl({"-m", "web", "status"}, {"HOME=" + folder_}).code, 0);
  std::filesystem::create_symlink(folder_, folder_ + "/muster");
  EXPECT_EQ(RunCtl({"-m", "web", "status"}, {"XDG_CONFIG_HOME=" + folder_}).code, 0);
  EXPECT_EQ(
      RunCtl({"status"}, {"MUSTER_MASTER=web", "MUSTER_CTL_CONFIG=" + folder_ + "/ctl.textproto"})
          .code,
      0);
}

TEST_F(CtlOverTls, ChecksTheNameThatTheEntryTells) {
  ServeTls(authority_.Issue("master", {"DNS:web.example"}), "server_name: \"web.example\"");
  EXPECT_EQ(Ask().code, 0);
}

TEST_F(CtlOverTls, TellsThatTheMasterHasAnotherName) {
  ServeTls(authority_.Issue("master", {"DNS:web.example"}));
  const Result result = Ask();
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.error,
              AllOf(StartsWith("ctl: the master cannot be reached:\n  connect 127.0.0.1:"),
                    HasSubstr("the master's certificate is for DNS web.example, not for "
                              "127.0.0.1; server_name can name another")));
}

TEST_F(CtlOverTls, TellsThatTheMastersCertificateHasExpired) {
  ServeTls(authority_.Issue("master", {"IP:127.0.0.1"}, -absl::Hours(24)));
  const Result result = Ask();
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.error, HasSubstr("the master's certificate has expired on "));
}

TEST_F(CtlOverTls, TellsThatItDoesNotKnowTheMastersAuthority) {
  const TestAuthority other("another authority");
  ServeTls(other.Issue("master", {"IP:127.0.0.1"}));
  const Result result = Ask();
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.error,
              HasSubstr(absl::StrCat("the master's certificate is from an authority that ", folder_,
                                     "/ca.pem does not have (CN = another authority)")));
}

TEST_F(CtlOverTls, TellsThatItsOwnCertificateHasExpired) {
  WriteClient(authority_.Issue("operator", {}, -absl::Hours(24)));
  ServeTls(GoodServer());
  const Result result = Ask();
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.error, HasSubstr("the certificate " + folder_ + "/op.pem has expired on "));
}

TEST_F(CtlOverTls, TellsThatTheMasterRefusesItsCertificate) {
  WriteClient(TestAuthority("another authority").Issue("operator"));
  ServeTls(GoodServer());
  const Result result = Ask();
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.error, HasSubstr("the master refuses the certificate " + folder_ +
                                      "/op.pem, issued by CN = another authority"));
}

TEST_F(CtlOverTls, NamesAFileThatIsNotThereOrIsNotWhatItShouldBe) {
  ServeTls(GoodServer());
  Write("op.key", "a key");
  EXPECT_THAT(Ask().error, HasSubstr("key " + folder_ + "/op.key: "));
  std::filesystem::remove(folder_ + "/op.pem");
  EXPECT_THAT(Ask().error,
              HasSubstr("certificate: open " + folder_ + "/op.pem: No such file or directory"));
}

TEST_F(CtlOverTls, TellsThatWhatListensDoesNotSpeakTls) {
  WriteEntry(admin_.ServeLoopback(grpc::InsecureServerCredentials()));
  const Result result = Ask();
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.error, HasSubstr("does not speak TLS"));
}

TEST_F(CtlOverTls, OutlivesAPeerThatHangsUpAtAnyTime) {
  Listener listener;
  listener.HangUp();
  WriteEntry(listener.port());
  for (int i = 0; i < 20; ++i) {
    const Result result = Ask();
    // 3: the peer was faster than the handshake of TCP.
    ASSERT_THAT(result.code, AnyOf(1, 3)) << result.error;
    ASSERT_THAT(result.error, HasSubstr("connect 127.0.0.1:"));
  }
}

TEST_F(CtlOverTls, ExitsWithFourIfThePeerSaysNothing) {
  const Listener listener;
  WriteEntry(listener.port());
  const Result result = RunCtl(
      {"--ctl-config", folder_ + "/ctl.textproto", "-m", "web", "--timeout", "500ms", "status"});
  EXPECT_EQ(result.code, 4);
  EXPECT_EQ(result.error, absl::StrCat("ctl: the master does not answer:\n  connect 127.0.0.1:",
                                       listener.port(), ": no answer within 500ms\n"));
}

TEST_F(CtlOverTls, WithoutAListenerExitsWithThree) {
  const int port = admin_.ServeLoopback(grpc::InsecureServerCredentials());
  admin_.Stop();
  WriteEntry(port);
  const Result result = Ask();
  EXPECT_EQ(result.code, 3);
  EXPECT_EQ(result.error, absl::StrCat("ctl: no master there:\n  connect 127.0.0.1:", port,
                                       ": Connection refused\n"));
}

TEST_F(CtlOverTls, GoesWithoutTlsIfItIsToldSo) {
  const std::string address =
      absl::StrCat("127.0.0.1:", admin_.ServeLoopback(grpc::InsecureServerCredentials()));
  EXPECT_EQ(RunCtl({"--insecure", "-m", address, "status"}).code, 0);
  Write("ctl.textproto",
        absl::StrCat("master { name: \"web\" address: \"", address, "\" insecure: true }"));
  EXPECT_EQ(Ask().code, 0);
}

TEST_F(CtlOverTls, WithoutTlsTellsThatTheMasterMayWantIt) {
  ServeTls(GoodServer());
  const std::string address = absl::StrCat("127.0.0.1:", port_);
  for (const char* command : {"status", "events"}) {
    EXPECT_THAT(RunCtl({"--insecure", "-m", address, command}).error,
                HasSubstr(", or it wants TLS: leave out --insecure\n"));
  }
  Write("ctl.textproto",
        absl::StrCat("master { name: \"web\" address: \"", address, "\" insecure: true }"));
  EXPECT_THAT(Ask().error, HasSubstr(", or it wants TLS: leave out insecure of its entry\n"));
}

TEST_F(CtlOverTls, TellsMistakesInTheFileOfMasters) {
  Write("ctl.textproto", "master { name: \"web\" adress: \"127.0.0.1:9\" }");
  const Result result = Ask();
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.error, absl::StrCat("ctl: ", folder_,
                                       "/ctl.textproto:1:22: adress: is unknown; "
                                       "did you mean \"address\"?\n"));
}

TEST_F(CtlOverTls, WithoutTheFileThatIsNamedExitsWithTwo) {
  const Result result = Ask();
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.error, HasSubstr("open " + folder_ + "/ctl.textproto: No such file"));
}

}  // namespace
}  // namespace muster::ctl
