#include "muster/master/config/config_text.h"

#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"
#include "muster/master/config/identified_config.h"
#include "muster/proto/field_rule.pb.h"
#include "muster/proto/worker.pb.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;

// A worker program whose service is configured by a muster.config.v1.Listen.
worker::v1::Description Listens() {
  worker::v1::Description description;
  description.add_service_type("muster.config.v1.Listen");
  return description;
}

IdentifiedConfig Read(const std::string& text,
                      config::ConfigFormat format = config::ConfigFormat::kText) {
  const auto checked = ReadIdentifiedText("m", text, format, "/tmp",
                                          [](const config::v1::Config&) { return Listens(); });
  EXPECT_TRUE(checked.ok()) << checked.status();
  return checked.ok() ? *checked : IdentifiedConfig();
}

constexpr char kText[] = R"(
listen { address: "unix:a" }
service { [type.googleapis.com/muster.config.v1.Listen] { address: "\302\265" } }
)";

TEST(ConfigText, HasTheDefaultsAndAbsolutePaths) {
  const std::string text = Read(kText).identity.text;
  EXPECT_THAT(text, HasSubstr("  address: \"unix:/tmp/a\"\n  backlog: 511\n"));
  EXPECT_THAT(text, HasSubstr("worker_connections: 4096\n"));
}

TEST(ConfigText, HasTheFieldsOfTheService) {
  EXPECT_THAT(Read(kText).identity.text,
              HasSubstr("[type.googleapis.com/muster.config.v1.Listen] {\n    address: \"µ\"\n    "
                        "backlog: 511\n    max_connections_per_client: 0\n  }\n"));
}

TEST(ConfigText, IsTheSameConfigurationWhenItIsReadAgain) {
  const IdentifiedConfig first = Read(kText);
  const IdentifiedConfig again = Read(first.identity.text);
  EXPECT_EQ(again.identity.text, first.identity.text);
  EXPECT_EQ(again.config.SerializeAsString(), first.config.SerializeAsString());
}

TEST(ConfigText, DoesNotDependOnHowTheConfigurationIsWritten) {
  const std::string json = R"({"service": {"@type": "type.googleapis.com/muster.config.v1.Listen",
    "address": "µ"}, "listen": [{"address": "unix:./a", "backlog": 511}]})";
  EXPECT_EQ(Read(json, config::ConfigFormat::kJson).identity.text, Read(kText).identity.text);
  EXPECT_EQ(Read(json, config::ConfigFormat::kJson).identity.hash, Read(kText).identity.hash);
  EXPECT_NE(Read(json, config::ConfigFormat::kJson).identity.source_hash,
            Read(kText).identity.source_hash);
}

// A worker program whose service is configured by a config_text_test.Login.
worker::v1::Description TakesLogins() {
  worker::v1::Description description;
  description.add_service_type("config_text_test.Login");
  google::protobuf::FileDescriptorProto::descriptor()->file()->CopyTo(
      description.mutable_files()->add_file());
  config::v1::FieldRule::descriptor()->file()->CopyTo(description.mutable_files()->add_file());
  google::protobuf::FileDescriptorProto* const file = description.mutable_files()->add_file();
  file->set_name("config_text_test.proto");
  file->set_package("config_text_test");
  file->add_dependency(config::v1::FieldRule::descriptor()->file()->name());
  auto* const message = file->add_message_type();
  message->set_name("Login");
  for (const char* name : {"user", "password"}) {
    auto* const field = message->add_field();
    field->set_name(name);
    field->set_number(message->field_size());
    field->set_type(google::protobuf::FieldDescriptorProto::TYPE_STRING);
    field->set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
    if (message->field_size() == 2) {
      field->mutable_options()->SetExtension(config::v1::secret, true);
    }
  }
  return description;
}

TEST(ConfigText, IsShownWithoutSecrets) {
  const auto checked = ReadIdentifiedText(
      "m",
      "listen { address: 'unix:a' } service { [x/config_text_test.Login] { user: 'ann' password: "
      "'1234' } }",
      config::ConfigFormat::kText, "/tmp", [](const config::v1::Config&) { return TakesLogins(); });
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_THAT(checked->identity.text, HasSubstr("password: \"1234\""));
  EXPECT_THAT(checked->identity.shown_text, HasSubstr("user: \"ann\""));
  EXPECT_THAT(checked->identity.shown_text, HasSubstr("password: \"***\""));
  EXPECT_THAT(checked->identity.shown_text, testing::Not(HasSubstr("1234")));
}

TEST(ConfigText, IsShownWithoutWhatNobodyKnows) {
  config::v1::Config config;
  config.mutable_service()->set_type_url("x/unknown.Login");
  config.mutable_service()->set_value("1234");
  EXPECT_THAT(PrintConfigWithoutSecrets(config), testing::Not(HasSubstr("1234")));
}

}  // namespace
}  // namespace muster::master
