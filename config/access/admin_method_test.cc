#include "muster/config/access/admin_method.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/channelz.pb.h"
#include "muster/proto/health.pb.h"
#include "muster/proto/reflection.pb.h"

namespace muster::config {
namespace {

using ::testing::UnorderedElementsAreArray;

std::vector<std::string> PathsOf(const std::string& service) {
  // So that the linker keeps their descriptors.
  EXPECT_NE(admin::v1::Status::descriptor(), nullptr);
  EXPECT_NE(grpc::health::v1::HealthCheckRequest::descriptor(), nullptr);
  EXPECT_NE(grpc::channelz::v1::Channel::descriptor(), nullptr);
  EXPECT_NE(grpc::reflection::v1alpha::ServerReflectionRequest::descriptor(), nullptr);
  const auto* found =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(service);
  std::vector<std::string> paths;
  for (int i = 0; found != nullptr && i < found->method_count(); ++i) {
    paths.push_back(absl::StrCat("/", service, "/", std::string(found->method(i)->name())));
  }
  EXPECT_FALSE(paths.empty()) << service;
  return paths;
}

TEST(AdminMethods, AreThoseOfTheServices) {
  std::vector<std::string> paths;
  for (const char* service :
       {"muster.admin.v1.Admin", "grpc.health.v1.Health", "grpc.channelz.v1.Channelz",
        "grpc.reflection.v1alpha.ServerReflection"}) {
    for (const std::string& path : PathsOf(service)) paths.push_back(path);
  }
  std::vector<std::string> listed;
  for (const AdminMethod& method : AdminMethods()) listed.emplace_back(method.path);
  EXPECT_THAT(listed, UnorderedElementsAreArray(paths));
}

TEST(AdminMethods, AreStreamsIfTheirServicesSaySo) {
  const auto* const pool = google::protobuf::DescriptorPool::generated_pool();
  for (const AdminMethod& method : AdminMethods()) {
    // "/muster.admin.v1.Admin/Reload" is muster.admin.v1.Admin.Reload.
    std::string name(method.path.substr(1));
    name.replace(name.find('/'), 1, ".");
    const auto* const found = pool->FindMethodByName(name);
    ASSERT_NE(found, nullptr) << name;
    EXPECT_EQ(method.is_stream, found->server_streaming()) << name;
  }
}

TEST(AdminMethods, HaveShortNamesIfTheyAreOurs) {
  EXPECT_EQ(AdminMethodAt("/muster.admin.v1.Admin/Reload").name(), "Reload");
  EXPECT_EQ(AdminMethodAt("/grpc.health.v1.Health/Check").name(), "/grpc.health.v1.Health/Check");
}

}  // namespace
}  // namespace muster::config
