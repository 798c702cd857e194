// A master on one machine and ctl on another: two network namespaces with a cable between them.
// docs/SUPERVISION.md.

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/tests/support/child_process.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"
#include "muster/tests/support/test_certificates.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Program(const std::string& name) { return std::filesystem::absolute(name).string(); }

bool Runs(const std::string& command) { return std::system((command + " >&2").c_str()) == 0; }

void WriteLine(const std::string& path, const std::string& line) {
  std::ofstream(path) << line << std::endl;
}

// This process in a network of its own, and a process in another one, which stands for the other
// machine. A cable is between them: 10.77.0.1 here, 10.77.0.2 there.
class Networks {
 public:
  // Why they cannot be made here; empty: they are made.
  std::string Make() {
    if (!Runs("ip -Version")) return "there is no program ip (iproute2)";
    const uid_t uid = ::geteuid();
    const gid_t gid = ::getegid();
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return "no namespace of users and networks";
    WriteLine("/proc/self/setgroups", "deny");
    WriteLine("/proc/self/uid_map", absl::StrCat("0 ", uid, " 1"));
    WriteLine("/proc/self/gid_map", absl::StrCat("0 ", gid, " 1"));
    int ready[2];
    if (::pipe2(ready, O_CLOEXEC) != 0) return "no pipe";
    far_ = ::fork();
    if (far_ == 0) {
      const char made = ::unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
      (void)!::write(ready[1], &made, 1);
      while (true) ::pause();
    }
    ::close(ready[1]);
    char made = 'n';
    (void)!::read(ready[0], &made, 1);
    ::close(ready[0]);
    if (made != 'y') return "no second network";
    network_.reset(::open(absl::StrCat("/proc/", far_, "/ns/net").c_str(), O_RDONLY | O_CLOEXEC));
    const std::string there = absl::StrCat("nsenter --target ", far_, " --net ");
    const bool is_made =
        Runs("ip link set lo up") && Runs("ip link add near type veth peer name far") &&
        Runs(absl::StrCat("ip link set far netns ", far_)) &&
        Runs("ip address add 10.77.0.1/24 dev near") && Runs("ip link set near up") &&
        Runs(there + "ip address add 10.77.0.2/24 dev far") && Runs(there + "ip link set far up");
    return is_made ? "" : "the kernel makes no cable (veth)";
  }
  ~Networks() {
    if (far_ <= 0) return;
    ::kill(far_, SIGKILL);
    ::waitpid(far_, nullptr, 0);
  }

  void CutCable() { ASSERT_TRUE(Runs("ip link set near down")); }
  void JoinCable() { ASSERT_TRUE(Runs("ip link set near up")); }
  // To be called in a new process: it is on the other machine then.
  bool GoThere() const { return ::setns(network_.get(), CLONE_NEWNET) == 0; }

 private:
  pid_t far_ = -1;
  ipc::UniqueFd network_;
};

class Network : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    networks_ = new Networks;
    why_not_ = networks_->Make();
  }
  static void TearDownTestSuite() { delete std::exchange(networks_, nullptr); }

  void SetUp() override {
    if (!why_not_.empty()) GTEST_SKIP() << why_not_;
    const TestAuthority authority("tests");
    std::ofstream(muster_.path("ca.pem")) << authority.certificate();
    authority.Issue("master", {"IP:10.77.0.1"}).WriteTo(muster_.folder(), "own");
    for (const std::string who : {"viewer", "operator", "admin"}) {
      authority.Issue(who, {absl::StrCat("URI:spiffe://muster.example/", who)})
          .WriteTo(muster_.folder(), who);
    }
    muster_.WriteConfig(
        absl::StrReplaceAll(RunningMaster::Config(), {{"listen: \"unix:admin.sock\"", R"(
            listen: 'unix:admin.sock'
            listen: '10.77.0.1:0'
            tls { certificate: 'own.pem' key: 'own.key' client_ca: 'ca.pem' }
            allow { name: 'v' principal: 'spiffe://muster.example/viewer' role: VIEWER }
            allow { name: 'o' principal: 'spiffe://muster.example/operator' role: OPERATOR }
            allow { name: 'a' principal: 'spiffe://muster.example/admin' role: ADMIN }
            )"}}));
    ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
    const std::string address = muster_.Status().master().admin_listen(1);
    for (const std::string who : {"viewer", "operator", "admin"}) {
      std::ofstream(muster_.path("ctl.textproto"), std::ios::app)
          << "master { name: '" << who << "' address: '" << address << "' certificate: '" << who
          << ".pem' key: '" << who << ".key' server_ca: 'ca.pem' }\n";
    }
  }

  std::unique_ptr<ChildProcess> StartCtl(const std::string& who,
                                         const std::vector<std::string>& arguments) {
    std::vector<std::string> all = {Program("ctl/ctl"), "--ctl-config",
                                    muster_.path("ctl.textproto"), "--master", who};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return std::make_unique<ChildProcess>(muster_.folder(), all, std::vector<std::string>(),
                                          [] { return networks_->GoThere(); });
  }
  Finished CtlAs(const std::string& who, const std::vector<std::string>& arguments) {
    const std::unique_ptr<ChildProcess> child = StartCtl(who, arguments);
    const int exit = child->Wait().value_or(-1);
    return {.exit = exit, .output = child->output(), .errors = child->errors()};
  }

  static inline Networks* networks_ = nullptr;
  static inline std::string why_not_;
  RunningMaster muster_;
};

TEST_F(Network, LetsEachRoleDoWhatItMayFromAnotherMachine) {
  for (const std::string who : {"viewer", "operator", "admin"}) {
    const Finished status = CtlAs(who, {"status"});
    EXPECT_EQ(status.exit, 0) << who << status.errors;
  }
  const Finished refused = CtlAs("viewer", {"reload"});
  EXPECT_EQ(refused.exit, 1);
  EXPECT_THAT(refused.errors, HasSubstr("spiffe://muster.example/viewer from 10.77.0.2:"));
  EXPECT_THAT(refused.errors, HasSubstr("may not call Reload"));
  EXPECT_EQ(muster_.Status().master().generation(), 1u);
  for (const std::string who : {"operator", "admin"}) {
    const Finished reload = CtlAs(who, {"reload"});
    EXPECT_EQ(reload.exit, 0) << who << reload.errors;
  }
  EXPECT_EQ(muster_.Status().master().generation(), 3u);
}

TEST_F(Network, TellsThatTheCableIsCutAndServesAgainWhenItIsJoined) {
  EXPECT_EQ(CtlAs("operator", {"reload"}).exit, 0);
  networks_->CutCable();
  const Finished cut = CtlAs("operator", {"--timeout", "1s", "reload"});
  EXPECT_EQ(cut.exit, 3) << cut.errors;
  EXPECT_EQ(muster_.Status().master().generation(), 2u) << "the master itself does not wait";
  networks_->JoinCable();
  EXPECT_TRUE(muster_.AwaitStatus([&](const admin::v1::Status&) {
    return CtlAs("operator", {"--timeout", "5s", "reload"}).exit == 0;
  }));
}

TEST_F(Network, GoesOnWithTheEventsWhereTheCableWasCut) {
  const std::unique_ptr<ChildProcess> events =
      StartCtl("viewer", {"-o", "json", "events", "--follow", "--kind", "generation-serves"});
  const auto await = [&](const std::string& text) {
    return muster_.AwaitStatus(
        [&](const admin::v1::Status&) { return absl::StrContains(events->output(), text); });
  };
  // Until the stream has begun, an event may be too early for it.
  ASSERT_TRUE(muster_.AwaitStatus([&](const admin::v1::Status&) {
    EXPECT_EQ(muster_.Ctl({"reload"}).exit, 0);
    return absl::StrContains(events->output(), "GENERATION_SERVES");
  })) << events->output()
      << events->errors();

  networks_->CutCable();
  EXPECT_EQ(muster_.Ctl({"reload"}).exit, 0);
  const std::string missed =
      absl::StrCat("generation ", muster_.Status().master().generation(), " is ready");
  networks_->JoinCable();
  EXPECT_TRUE(await(missed)) << events->output() << events->errors();
  EXPECT_THAT(events->errors(), Not(HasSubstr("missed")));
}

TEST_F(Network, TellsTheOutcomeOfACallThatWasCutByItsId) {
  // A request that is not complete keeps an old worker, and so the call, until it is over.
  HttpClient slow(muster_.address());
  ASSERT_TRUE(slow.Send("POST / HTTP/1.1\r\nHost: m\r\nContent-Length: 10\r\n\r\n123"));
  const std::unique_ptr<ChildProcess> call =
      StartCtl("operator", {"--timeout", "5s", "reload", "--wait", "drained"});
  ASSERT_TRUE(muster_.AwaitStatus(
      [](const admin::v1::Status& status) { return status.master().generation() == 2; }));
  networks_->CutCable();
  EXPECT_EQ(call->Wait(), 4);
  const std::string errors = call->errors();
  const std::string before = "ask ctl call ";
  ASSERT_THAT(errors, HasSubstr(before));
  std::string id = errors.substr(errors.find(before) + before.size());
  id = id.substr(0, id.find_first_of(" \n"));

  slow.Close();
  networks_->JoinCable();
  Finished told;
  EXPECT_TRUE(muster_.AwaitStatus([&](const admin::v1::Status&) {
    told = CtlAs("viewer", {"--timeout", "5s", "-o", "json", "call", id});
    return told.exit == 0;
  })) << told.errors;
  EXPECT_THAT(told.output, HasSubstr("\"method\": \"Reload\""));
  EXPECT_THAT(told.output, HasSubstr("spiffe://muster.example/operator from 10.77.0.2:"));
  EXPECT_THAT(told.output, HasSubstr("\"generationAfter\": \"2\""));
}

}  // namespace
}  // namespace muster::tests
