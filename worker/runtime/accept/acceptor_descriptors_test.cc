// A worker without descriptors. Not with UBSan, which makes a pipe to look at a pointer.

#include <sys/resource.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/worker/runtime/accept/acceptor_fixture.h"
#include "muster/worker/testing/test_client.h"

namespace muster::worker {
namespace {

using testing::TestClient;

using AcceptorDescriptorsTest = AcceptorTest;

// They wait in the listener, for this worker or another.
TEST_F(AcceptorDescriptorsTest, PausesWithoutADescriptorAndGoesOnLater) {
  // What the log takes for standard error.
  const ipc::UniqueFd standard_error(::dup(STDERR_FILENO));
  ::testing::internal::CaptureStderr();
  log_ = *ErrorLog::Open(config::v1::Log(), "test");
  const auto acceptor = MakeAcceptor();
  const TestClient client(listener_.port());
  rlimit all = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &all), 0);
  const ipc::UniqueFd lowest_free(::dup(STDERR_FILENO));
  const rlimit none = {static_cast<rlim_t>(lowest_free.get()) + 1, all.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  RunOnce();
  RunOnce();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &all), 0);
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_TRUE(keeper_.connections.empty());
  EXPECT_EQ(log.find("Too many open files"), log.rfind("Too many open files")) << log;
  EXPECT_NE(log.find("Too many open files"), std::string::npos) << log;

  ASSERT_TRUE(loop_->RunOnce().ok());  // until the pause is over
  RunOnce();
  EXPECT_EQ(keeper_.connections.size(), 1u);
}

}  // namespace
}  // namespace muster::worker
