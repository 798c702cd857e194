#include "muster/worker/http/connection_share.h"

#include "gtest/gtest.h"
#include "muster/worker/http/service_fixture.h"

namespace muster::worker::http {
namespace {

class ConnectionShareTest : public ServiceFixture {
 protected:
  Responder responder_ = *Responder::Create(http(), context().zone());
  ConnectionShare share_{.context = context(),
                         .loop = loop(),
                         .stats = stats(),
                         .responder = responder_,
                         .access_log = nullptr,
                         .settings = ConnectionSettings::From(http())};
};

TEST_F(ConnectionShareTest, HasTheDateOfTheRoundInEachTurn) {
  share_.BeginTurn();
  const loop::TimePoint first = share_.date.now();
  while (loop().now() == first) RunWhatIsReady();
  share_.BeginTurn();
  EXPECT_EQ(share_.date.now(), loop().now());
  EXPECT_NE(share_.date.http_date(), "");
}

}  // namespace
}  // namespace muster::worker::http
