#include "muster/master/config/config_differences.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"
#include "muster/master/config/identified_config.h"
#include "muster/proto/field_rule.pb.h"
#include "muster/proto/worker.pb.h"

namespace muster::master {
namespace {

using google::protobuf::FieldDescriptorProto;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A worker program whose service is a diff_test.Accounts: a list of users with passwords.
worker::v1::Description HasAccounts() {
  worker::v1::Description description;
  description.add_service_type("diff_test.Accounts");
  google::protobuf::FileDescriptorProto::descriptor()->file()->CopyTo(
      description.mutable_files()->add_file());
  config::v1::FieldRule::descriptor()->file()->CopyTo(description.mutable_files()->add_file());
  google::protobuf::FileDescriptorProto* const file = description.mutable_files()->add_file();
  file->set_name("diff_test.proto");
  file->set_package("diff_test");
  file->add_dependency(config::v1::FieldRule::descriptor()->file()->name());
  auto* const account = file->add_message_type();
  account->set_name("Account");
  const auto add = [account](const char* name, FieldDescriptorProto::Type type) {
    auto* const field = account->add_field();
    field->set_name(name);
    field->set_number(account->field_size());
    field->set_type(type);
    field->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
    return field->mutable_options();
  };
  add("user", FieldDescriptorProto::TYPE_STRING)
      ->MutableExtension(config::v1::rule)
      ->set_required(true);
  add("password", FieldDescriptorProto::TYPE_STRING)->SetExtension(config::v1::secret, true);
  add("pin", FieldDescriptorProto::TYPE_INT32)->SetExtension(config::v1::secret, true);
  auto* const accounts = file->add_message_type();
  accounts->set_name("Accounts");
  auto* const list = accounts->add_field();
  list->set_name("account");
  list->set_number(1);
  list->set_type(FieldDescriptorProto::TYPE_MESSAGE);
  list->set_type_name(".diff_test.Account");
  list->set_label(FieldDescriptorProto::LABEL_REPEATED);
  return description;
}

std::vector<ConfigEntry> Read(const std::string& text) {
  const auto checked = ReadIdentifiedText("m", text, config::ConfigFormat::kText, "/tmp",
                                          [](const config::v1::Config&) { return HasAccounts(); });
  EXPECT_TRUE(checked.ok()) << checked.status();
  return checked.ok() ? *checked->identity.entries : std::vector<ConfigEntry>();
}

admin::v1::ConfigCheck Compared(const std::string& before, const std::string& after) {
  admin::v1::ConfigCheck check;
  SetDifferences(Read(before), Read(after), &check);
  EXPECT_TRUE(check.is_compared());
  return check;
}

// "PATH: BEFORE -> AFTER" for each.
std::vector<std::string> Differences(const std::string& before, const std::string& after) {
  std::vector<std::string> lines;
  const admin::v1::ConfigCheck check = Compared(before, after);
  for (const auto& one : check.differences()) {
    lines.push_back(absl::StrCat(one.path(), ": ", one.before(), " -> ", one.after(),
                                 one.is_secret() ? " (secret)" : ""));
  }
  return lines;
}

// With a listener and a location.
std::string With(const std::string& text, const std::string& locations = "") {
  return absl::StrCat("listen { address: '127.0.0.1:1' } http { location { path: '/' return {} } ",
                      locations, " } ", text);
}

std::string Accounts(const std::string& text) {
  return absl::StrCat("listen { address: '127.0.0.1:1' } service { [x/diff_test.Accounts] { ", text,
                      " } }");
}

TEST(ConfigDifferences, AreNoneForWhatMeansTheSame) {
  EXPECT_THAT(Differences(With(""), With("worker_connections: 4096 log { level: INFO }")),
              IsEmpty())
      << "a default, written down";
  EXPECT_THAT(
      Differences(With("listen { address: '127.0.0.1:2' }", "location { path: '/a' return {} }"),
                  "http { location { path: '/a' return {} } location { path: '/' return {} } } "
                  "listen { address: '127.0.0.1:2' } listen { address: '127.0.0.1:1' }"),
      IsEmpty())
      << "in another order";
}

TEST(ConfigDifferences, HaveTheFieldWithBothValues) {
  EXPECT_THAT(
      Differences(With("worker_processes: 2 shutdown_timeout { seconds: 30 } accept: MUTEX"),
                  With("worker_processes: 3 log { path: 'a' }")),
      ElementsAre("worker_processes: 2 -> 3", "accept: MUTEX -> EXCLUSIVE",
                  "shutdown_timeout: 30s -> 60s", "log.path:  -> \"/tmp/a\""));
}

TEST(ConfigDifferences, NameElementsOfListsThatHaveNames) {
  EXPECT_THAT(Differences(With("",
                               "location { path: '/a' return { status: 404 } } "
                               "location { path: '/b' metrics {} }"),
                          With("",
                               "location { path: '/n' stub_status {} } "
                               "location { path: '/a' return { status: 410 } }")),
              ElementsAre("http.location[\"/n\"].stub_status:  -> {}",
                          "http.location[\"/n\"].listing:  -> false",
                          "http.location[\"/a\"].return.status: 404 -> 410",
                          "http.location[\"/b\"].metrics: {} -> ",
                          "http.location[\"/b\"].listing: false -> "));
}

TEST(ConfigDifferences, KeepElementsApartThatHaveOneName) {
  EXPECT_THAT(
      Differences(With("", "header { name: 'a' value: '1' } header { name: 'a' value: '2' }"),
                  With("", "header { name: 'a' value: '1' } header { name: 'a' value: '3' }")),
      ElementsAre("http.header[\"a\"][1].value: \"2\" -> \"3\""));
}

TEST(ConfigDifferences, HaveAListOfPlainValuesAsOne) {
  EXPECT_THAT(Differences(With("admin { listen: 'unix:a' listen: 'unix:b' }"),
                          With("admin { listen: 'unix:b' }")),
              ElementsAre("admin.listen: [\"unix:/tmp/a\", \"unix:/tmp/b\"] -> [\"unix:/tmp/b\"]"));
}

TEST(ConfigDifferences, TellThatASecretHasChangedAndNeverWhich) {
  const auto check = Compared(Accounts("account { user: 'ann' password: 'hunter1' pin: 4711 }"),
                              Accounts("account { user: 'ann' password: 'hunter2' pin: 4712 }"));
  ASSERT_EQ(check.differences_size(), 2);
  EXPECT_EQ(check.differences(0).path(), "service.account[\"ann\"].password");
  EXPECT_EQ(check.differences(1).path(), "service.account[\"ann\"].pin");
  for (const auto& one : check.differences()) {
    EXPECT_TRUE(one.is_secret());
    EXPECT_EQ(one.before(), "***");
    EXPECT_EQ(one.after(), "***");
  }
  EXPECT_THAT(check.ShortDebugString(), Not(HasSubstr("hunter")));
  EXPECT_THAT(check.ShortDebugString(), Not(HasSubstr("471")));
}

TEST(ConfigDifferences, TellOfASecretThatIsNew) {
  EXPECT_THAT(Differences(Accounts("account { user: 'ann' }"),
                          Accounts("account { user: 'ann' password: 'x' }")),
              ElementsAre("service.account[\"ann\"].password:  -> *** (secret)"));
}

TEST(ConfigDifferences, HaveTheOrderOfAListOfTheService) {
  EXPECT_THAT(Differences(Accounts("account { user: 'ann' } account { user: 'bob' }"),
                          Accounts("account { user: 'bob' } account { user: 'ann' }")),
              ElementsAre("service.account: [\"ann\", \"bob\"] -> [\"bob\", \"ann\"]"));
}

TEST(ConfigDifferences, HideAServiceThatNobodyKnows) {
  config::v1::Config before;
  before.mutable_service()->set_type_url("x/unknown.Login");
  before.mutable_service()->set_value("1234");
  config::v1::Config after = before;
  after.mutable_service()->set_value("5678");
  admin::v1::ConfigCheck check;
  SetDifferences(EntriesOf(before), EntriesOf(after), &check);
  ASSERT_EQ(check.differences_size(), 1);
  EXPECT_EQ(check.differences(0).before(), "***");
  EXPECT_EQ(check.differences(0).after(), "***");
}

TEST(ConfigDifferences, AreBoundedInNumberAndSize) {
  std::vector<ConfigEntry> before;
  for (std::size_t i = 0; i < kMostDifferences + 3; ++i) {
    before.push_back(
        {.path = absl::StrCat("field", i), .value = std::string(i < 2 ? 5000 : 1, 'x')});
  }
  before[0].value = std::string(kMostValueBytes - 1, 'x') + "µµ";
  admin::v1::ConfigCheck check;
  SetDifferences(before, {}, &check);
  EXPECT_EQ(check.differences_size(), static_cast<int>(kMostDifferences));
  EXPECT_EQ(check.differences_left_out(), 3u);
  EXPECT_EQ(check.differences(0).before(), std::string(kMostValueBytes - 1, 'x') + "...");
  EXPECT_EQ(check.differences(1).before().size(), kMostValueBytes + 3);
  for (ConfigEntry& entry : before) entry.value = std::string(5000, 'x');
  admin::v1::ConfigCheck large;
  SetDifferences(before, {}, &large);
  EXPECT_LT(large.ByteSizeLong(), kMostDifferenceBytes + 10000) << "with the tags of the list";
  EXPECT_EQ(large.differences_size() + large.differences_left_out(), before.size());
}

}  // namespace
}  // namespace muster::master
