#include "muster/proto/api_listing.h"

#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace muster::config {
namespace {

using google::protobuf::FileDescriptorProto;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Change = std::function<void(FileDescriptorProto*)>;

std::vector<std::string> ListingAfter(const Change& change) {
  FileDescriptorProto file;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
    name: "x.proto" package: "x" syntax: "proto3"
    message_type {
      name: "M"
      field { name: "a" number: 1 label: LABEL_OPTIONAL type: TYPE_INT32 }
      field { name: "b" number: 2 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: ".x.M" }
    }
    enum_type { name: "E" value { name: "ZERO" number: 0 } value { name: "ONE" number: 1 } }
    service { name: "S" method { name: "Do" input_type: ".x.M" output_type: ".x.M" } })",
                                                            &file));
  change(&file);
  google::protobuf::DescriptorPool pool;
  const auto* built = pool.BuildFile(file);
  EXPECT_NE(built, nullptr);
  return built == nullptr ? std::vector<std::string>() : ListApi(*built);
}
std::vector<std::string> Broken(const Change& change) {
  return BrokenPromises(ListingAfter([](FileDescriptorProto*) {}), ListingAfter(change));
}

TEST(ApiListing, HasALineForEachThing) {
  EXPECT_THAT(ListingAfter([](FileDescriptorProto*) {}),
              ElementsAre("enum x.E", "field x.M.a = 1 optional int32",
                          "field x.M.b = 2 repeated x.M", "message x.M", "method x.S.Do x.M x.M",
                          "service x.S", "value x.E.ONE = 1", "value x.E.ZERO = 0"));
}

TEST(ApiListing, BreaksNothingWhenSomethingIsAdded) {
  EXPECT_THAT(Broken([](FileDescriptorProto* file) {
                file->add_message_type()->set_name("New");
                auto* value = file->mutable_enum_type(0)->add_value();
                value->set_name("TWO");
                value->set_number(2);
              }),
              IsEmpty());
}

TEST(ApiListing, TellsAFieldThatIsGoneOrAnother) {
  const std::string field = "field x.M.a = 1 optional int32";
  EXPECT_THAT(Broken([](FileDescriptorProto* file) {
                file->mutable_message_type(0)->mutable_field()->DeleteSubrange(0, 1);
              }),
              ElementsAre(field));
  EXPECT_THAT(Broken([](FileDescriptorProto* file) {
                file->mutable_message_type(0)->mutable_field(0)->set_number(3);
              }),
              ElementsAre(field));
  EXPECT_THAT(Broken([](FileDescriptorProto* file) {
                file->mutable_message_type(0)->mutable_field(0)->set_type(
                    google::protobuf::FieldDescriptorProto::TYPE_STRING);
              }),
              ElementsAre(field));
  EXPECT_THAT(Broken([](FileDescriptorProto* file) {
                file->mutable_message_type(0)->mutable_field(0)->set_label(
                    google::protobuf::FieldDescriptorProto::LABEL_REPEATED);
              }),
              ElementsAre(field));
}

TEST(ApiListing, TellsAValueOrAMethodThatIsGone) {
  EXPECT_THAT(Broken([](FileDescriptorProto* file) {
                file->mutable_enum_type(0)->mutable_value()->RemoveLast();
              }),
              ElementsAre("value x.E.ONE = 1"));
  EXPECT_THAT(Broken([](FileDescriptorProto* file) { file->mutable_service()->Clear(); }),
              Contains("method x.S.Do x.M x.M"));
  EXPECT_THAT(Broken([](FileDescriptorProto* file) {
                file->mutable_service(0)->mutable_method(0)->set_server_streaming(true);
              }),
              ElementsAre("method x.S.Do x.M x.M"));
}

}  // namespace
}  // namespace muster::config
