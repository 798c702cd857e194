// The real binary and a master that takes connections and says nothing, as one that was stopped.

#include <sys/socket.h>
#include <sys/un.h>

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ctl/testing/ctl_fixture.h"
#include "muster/ctl/testing/run_ctl.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ctl {
namespace {

using ::testing::HasSubstr;

class SilentMaster : public Ctl {
 protected:
  SilentMaster() {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    socket_.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(listener_.get(), 10), 0);
  }

  Result Ask(std::vector<std::string> command) const {
    command.insert(command.begin(), {"-m", socket_, "--timeout", "200ms"});
    return RunCtl(command);
  }

  const ipc::UniqueFd listener_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
};

TEST_F(SilentMaster, IsWaitedForNoLongerThanTheTimeoutByStreams) {
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"events"}, {"events", "--follow"}, {"status", "--watch"}}) {
    const Result result = Ask(command);
    EXPECT_EQ(result.code, 4) << command.front();
    EXPECT_EQ(result.error, "ctl: no answer within 200ms\n") << command.front();
  }
}

TEST_F(SilentMaster, HasADiagnosisThatSaysSo) {
  const Result result = Ask({"diagnose", "-"});
  EXPECT_EQ(result.code, 4) << result.error;
  EXPECT_THAT(result.out, HasSubstr("\"status\": {\"error\": \"no answer within 200ms\"}"));
  EXPECT_THAT(result.out, HasSubstr("\"events\": {\"error\": \"not asked, since"));
}

TEST_F(SilentMaster, IsNotSaidToPerhapsHaveChangedByACheck) {
  const Result result = Ask({"config", "check"});
  EXPECT_EQ(result.code, 4);
  EXPECT_EQ(result.error, "ctl: no answer within 200ms\n");
}

}  // namespace
}  // namespace muster::ctl
