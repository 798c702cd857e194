// Connections in a drain for which no other worker has room.

#include <string>

#include "gtest/gtest.h"
#include "muster/worker/http/service_fixture.h"

namespace muster::worker::http {
namespace {

class KeptConnectionTest : public ServiceFixture {
 protected:
  KeptConnectionTest() { SetHandoffRoom(false); }
};

TEST_F(KeptConnectionTest, IsServedOn) {
  Client client = Connect();
  EXPECT_EQ(client.Ask(kGet).status, 200);
  service().Drain(Service::Idle::kHandOff);
  for (int i = 0; i < 3; ++i) {
    const ClientResponse response = client.Ask(kGet);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.Field("Connection"), "keep-alive");
  }
  EXPECT_EQ(handed_off(), 0u);
  EXPECT_EQ(connections(), 1u);
}

TEST_F(KeptConnectionTest, IsHandedOffWhenThereIsRoom) {
  Client client = Connect();
  EXPECT_EQ(client.Ask(kGet).status, 200);
  service().Drain(Service::Idle::kHandOff);
  SetHandoffRoom(true);
  service().OnHandoffRoom();
  EXPECT_EQ(handed_off(), 1u);
  AdoptAll();
  EXPECT_EQ(client.Ask(kGet).status, 200);
}

TEST_F(KeptConnectionTest, IsHandedOffAfterAResponseIfThereIsRoomByThen) {
  Client client = Connect();
  EXPECT_EQ(client.Ask(kGet).status, 200);
  service().Drain(Service::Idle::kHandOff);
  SetHandoffRoom(true);
  EXPECT_EQ(client.Ask(kGet).status, 200);
  EXPECT_EQ(handed_off(), 1u);
}

TEST_F(KeptConnectionTest, IsClosedWhenNobodyServesAnyMore) {
  Client client = Connect();
  EXPECT_EQ(client.Ask(kGet).status, 200);
  service().Drain(Service::Idle::kHandOff);
  service().Drain(Service::Idle::kClose);
  EXPECT_TRUE(client.IsClosed());
  EXPECT_EQ(connections(), 0u);
}

}  // namespace
}  // namespace muster::worker::http
