#include "muster/master/admin/zone_methods.h"

#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/master/admin/test_call.h"

namespace muster::master {
namespace {

TEST(ZoneMethods, ListTheZones) {
  TestCall call;
  AdminOperations operations;
  operations.list_zones = [](const auto& answer) {
    admin::v1::ListZonesResponse zones;
    zones.add_zones()->set_name("z");
    answer(zones);
  };
  admin::v1::ListZonesResponse response;
  call.Bind(AnswerListZones(call.calls(), operations, &response));
  call.RunLoop();
  ASSERT_EQ(response.zones_size(), 1);
  EXPECT_EQ(response.zones(0).name(), "z");
}

TEST(ZoneMethods, ListTheLocksThatAreAskedFor) {
  TestCall call;
  AdminOperations operations;
  std::string asked;
  operations.list_locks = [&](const admin::v1::ListLocksRequest& request, const auto& answer) {
    asked = request.zone();
    answer(absl::NotFoundError("no"));
  };
  admin::v1::ListLocksRequest request;
  request.set_zone("z");
  admin::v1::ListLocksResponse response;
  call.Bind(AnswerListLocks(call.calls(), operations, request, &response));
  request.Clear();
  call.RunLoop();
  EXPECT_EQ(asked, "z");
  ASSERT_TRUE(call.status().has_value());
  EXPECT_EQ(call.status()->error_code(), grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace muster::master
