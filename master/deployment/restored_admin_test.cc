// The admin service and the page of metrics on sockets that another program of the process had.

#include <sys/socket.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/master/admin/server/admin_server_fixture.h"
#include "muster/master/keep/descriptor_inheritance.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/master/listen/socket_table.h"
#include "muster/master/metrics/metrics_page.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;

class RestoredAdminTest : public AdminServerTest {
 protected:
  // Sockets that listen, as they are after an exec: nobody destroys those of the program before.
  void Restore() {
    auto listeners = Listen(
        absl::StrCat("listen: 'unix:", socket_path(), "' metrics { listen: '127.0.0.1:0' }"));
    ASSERT_TRUE(listeners.ok()) << listeners.status();
    before_ = new ListenerSet(*std::move(listeners));
    DescriptorKeep keep;
    SavedSockets saved;
    const auto state = before_->Save(saved);
    const auto sockets = saved.Save(keep);
    DescriptorInheritance descriptors(keep.numbers());
    auto restored = RestoredSockets::Restore(sockets, descriptors);
    ASSERT_TRUE(restored.ok()) << restored.status();
    auto again = ListenerSet::Restore(state, *restored, config::v1::Config());
    ASSERT_TRUE(again.ok()) << again.status();
    ASSERT_TRUE(restored->CheckAllTaken().ok());
    listeners_ = *std::move(again);
    listeners_.Own();
  }
  void TearDown() override {
    AdminServerTest::TearDown();
    delete before_;
  }

  ListenerSet* before_ = nullptr;
};

TEST_F(RestoredAdminTest, Answers) {
  Restore();
  StartWith(Terms());
  health_.Set({{"", true}});
  grpc::health::v1::HealthCheckResponse response;
  const grpc::Status status = Serve([&] { return Check(Connect(), "", &response); });
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::SERVING);
}

TEST_F(RestoredAdminTest, AnswersWhoConnectedBeforeTheProgramWasThere) {
  Restore();
  const auto channel = Connect();
  channel->GetState(true);
  StartWith(Terms());
  health_.Set({{"", true}});
  grpc::health::v1::HealthCheckResponse response;
  EXPECT_TRUE(Serve([&] { return Check(channel, "", &response); }).ok());
}

TEST_F(RestoredAdminTest, PutsItsFileBack) {
  Restore();
  std::filesystem::remove(socket_path());
  ASSERT_TRUE(listeners_.RestoreForMaster().ok());
  StartWith(Terms());
  health_.Set({{"", true}});
  grpc::health::v1::HealthCheckResponse response;
  EXPECT_TRUE(Serve([&] { return Check(Connect(), "", &response); }).ok());
}

TEST_F(RestoredAdminTest, ShowsItsMetrics) {
  Restore();
  MetricsPage page(log_, [] { return std::string("muster_up 1\n"); });
  ASSERT_TRUE(page.Keep(listeners_, std::nullopt).ok());
  const listen::Address& address = listeners_.ForMetrics()->address();
  const ipc::UniqueFd client(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(client.get(), address.get(), address.size()), 0);
  const std::string request = "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  ASSERT_EQ(::send(client.get(), request.data(), request.size(), 0),
            static_cast<ssize_t>(request.size()));
  std::string response;
  char buffer[4096];
  for (ssize_t size = 0; (size = ::recv(client.get(), buffer, sizeof(buffer), 0)) > 0;) {
    response.append(buffer, static_cast<std::size_t>(size));
  }
  EXPECT_THAT(response, HasSubstr("muster_up 1\n"));
}

}  // namespace
}  // namespace muster::master
