#include "muster/worker/runtime/service_config.h"

#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/field_error.h"

namespace muster::worker {
namespace {

// Log and Listen stand for a service's own messages.
absl::Status Mistaken(absl::string_view problem) {
  return config::AtField(absl::InvalidArgumentError(problem), "service");
}

TEST(ServiceConfig, IsReadWithItsDefaults) {
  config::v1::Config config;
  config::v1::Listen written;
  written.set_address("a");
  config.mutable_service()->PackFrom(written);
  config::v1::Listen read;
  ASSERT_TRUE(ReadServiceConfig(config, &read).ok());
  EXPECT_EQ(read.address(), "a");
  EXPECT_EQ(read.backlog(), 511u);
}

TEST(ServiceConfig, IsRefusedWhenItBreaksARule) {
  config::v1::Config config;
  config::v1::Listen written;
  written.set_backlog(0);
  config.mutable_service()->PackFrom(written);
  config::v1::Listen read;
  EXPECT_EQ(ReadServiceConfig(config, &read),
            Mistaken("service.address: is missing\n"
                     "service.backlog: is 0; must be from 1 to 65535"));
}

TEST(ServiceConfig, IsRefusedWhenItIsAnotherMessage) {
  config::v1::Config config;
  config.mutable_service()->PackFrom(config::v1::Log());
  config::v1::Listen read;
  EXPECT_EQ(ReadServiceConfig(config, &read),
            Mistaken("service: is \"type.googleapis.com/muster.config.v1.Log\", this worker wants "
                     "muster.config.v1.Listen"));
}

TEST(ServiceConfig, IsMissedWhenThereIsNone) {
  config::v1::Listen read;
  EXPECT_EQ(ReadServiceConfig(config::v1::Config(), &read),
            Mistaken("service: is missing; write service { "
                     "[type.googleapis.com/muster.config.v1.Listen] {} }"));
}

TEST(ServiceConfig, IsRefusedWhenItsBytesAreNone) {
  config::v1::Config config;
  config.mutable_service()->set_type_url("x/muster.config.v1.Listen");
  config.mutable_service()->set_value("\xff\xff");
  config::v1::Listen read;
  EXPECT_EQ(ReadServiceConfig(config, &read),
            Mistaken("service: its bytes are no serialised muster.config.v1.Listen"));
}

}  // namespace
}  // namespace muster::worker
