#include "muster/master/admin/connection/reflection_service.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/health.pb.h"

namespace muster::master {
namespace {

using grpc::reflection::v1alpha::ServerReflectionRequest;
using grpc::reflection::v1alpha::ServerReflectionResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename Message>
std::string FileOf() {
  return Message::descriptor()->file()->name();
}

ServerReflectionResponse Ask(const ServerReflectionRequest& request) {
  // So that the linker keeps its descriptors.
  EXPECT_NE(grpc::health::v1::HealthCheckRequest::descriptor(), nullptr);
  EXPECT_NE(config::v1::Config::descriptor(), nullptr);
  return ReflectionService({"a.B", "c.D"}, nullptr, nullptr).Answer(request);
}

std::vector<std::string> FilesOf(const ServerReflectionResponse& response) {
  std::vector<std::string> names;
  for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    EXPECT_TRUE(file.ParseFromString(bytes));
    names.push_back(file.name());
  }
  return names;
}

TEST(ReflectionService, ListsItsServices) {
  ServerReflectionRequest request;
  request.set_list_services("");
  const ServerReflectionResponse response = Ask(request);
  ASSERT_EQ(response.list_services_response().service_size(), 2);
  EXPECT_EQ(response.list_services_response().service(0).name(), "a.B");
  EXPECT_EQ(response.original_request().message_request_case(),
            ServerReflectionRequest::kListServices);
}

TEST(ReflectionService, HasTheFileOfAService) {
  ServerReflectionRequest request;
  request.set_file_containing_symbol("grpc.health.v1.Health");
  EXPECT_THAT(FilesOf(Ask(request)), ElementsAre(FileOf<grpc::health::v1::HealthCheckRequest>()));
}

TEST(ReflectionService, SendsWhatAFileImports) {
  ServerReflectionRequest request;
  request.set_file_by_filename(FileOf<config::v1::Config>());
  EXPECT_THAT(FilesOf(Ask(request)), testing::Contains("google/protobuf/duration.proto"));
}

TEST(ReflectionService, KnowsExtensions) {
  ServerReflectionRequest request;
  request.set_all_extension_numbers_of_type("google.protobuf.FieldOptions");
  const ServerReflectionResponse numbers = Ask(request);
  ASSERT_GT(numbers.all_extension_numbers_response().extension_number_size(), 0);
  auto* extension = request.mutable_file_containing_extension();
  extension->set_containing_type("google.protobuf.FieldOptions");
  extension->set_extension_number(numbers.all_extension_numbers_response().extension_number(0));
  EXPECT_THAT(FilesOf(Ask(request)),
              testing::Contains(testing::HasSubstr("proto/field_rule.proto")));
}

TEST(ReflectionService, SaysWhatItDoesNotKnow) {
  ServerReflectionRequest request;
  request.set_file_containing_symbol("no.Such");
  EXPECT_EQ(Ask(request).error_response().error_code(), 5);
  EXPECT_THAT(Ask(request).error_response().error_message(), HasSubstr("no.Such"));
  request.set_all_extension_numbers_of_type("no.Type");
  EXPECT_EQ(Ask(request).error_response().error_code(), 5);
  request.mutable_file_containing_extension()->set_containing_type("no.Type");
  EXPECT_EQ(Ask(request).error_response().error_code(), 5);
  EXPECT_EQ(Ask(ServerReflectionRequest()).error_response().error_code(), 3);
}

}  // namespace
}  // namespace muster::master
