// Deployments that are not saved, and states of which none are made.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/deployment/deployments_state_fixture.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/master/keep/shared_table.h"
#include "muster/proto/state/deployment_state.pb.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using DeploymentsRefusalTest = DeploymentsStateTest;

TEST_F(DeploymentsRefusalTest, AreNotSavedWhileTheNextIsThere) {
  Serve("listen { address: '127.0.0.1:0' }");
  ASSERT_TRUE(deployments_->LoadAgain(++load_, 1, 0).ok());
  DescriptorKeep keep;
  SharedTable<worker::UserZone> zones;
  EXPECT_TRUE(absl::IsFailedPrecondition(deployments_->Save(keep, zones).status()));
  deployments_->RollBack(load_);
  EXPECT_TRUE(deployments_->Save(keep, zones).ok());
}

TEST_F(DeploymentsRefusalTest, TellWhereAConfigurationIsThatThisProgramDoesNotTake) {
  Serve("listen { address: '127.0.0.1:0' } worker_connections: 77");
  const std::string error = ErrorAfter([](state::v1::DeploymentState& state) {
    state.mutable_generation(0)->mutable_config()->set_worker_connections(0);
  });
  EXPECT_THAT(error, StartsWith("the configuration of generation 1:"));
  EXPECT_THAT(error, HasSubstr(": worker_connections: "));
}

TEST_F(DeploymentsRefusalTest, NameTheFieldThatIsWrong) {
  Serve(
      "accept: REUSEPORT worker_processes: 2 listen { address: '127.0.0.1:0' }\n"
      "listen { address: 'unix:FOLDER/site' } zone { name: 'z' size_bytes: 4096 }\n"
      "admin { listen: 'unix:FOLDER/admin' allow { name: 'a' principal: 'uid:7' role: ADMIN } }\n"
      "cpu_affinity: 'AUTO'\n");
  using State = state::v1::DeploymentState;
  const std::vector<std::pair<std::string, std::function<void(State&)>>> cases = {
      {"serving: generation 9 is missing", [](State& s) { s.set_serving(9); }},
      {"source.config_file: is missing", [](State& s) { s.clear_source(); }},
      {"generation[1].number: 1 does not follow 1",
       [](State& s) { *s.add_generation() = s.generation(0); }},
      {"generation[0].program: is entry 4 of a table of 1",
       [](State& s) { s.mutable_generation(0)->set_program(4); }},
      {"generation[0].identity.hash: \"\" is not that of the text",
       [](State& s) { s.mutable_generation(0)->mutable_identity()->clear_hash(); }},
      {"generation[0].listener[0].socket: 99 is not the place of one of 4",
       [](State& s) { s.mutable_generation(0)->mutable_listener(0)->set_socket(0, 99); }},
      {"generation[0].listener[0].socket: there are 1 for 2 workers",
       [](State& s) {
         s.mutable_generation(0)->mutable_listener(0)->mutable_socket()->Truncate(1);
       }},
      {"generation[0].listener[1].socket: is missing",
       [](State& s) { s.mutable_generation(0)->mutable_listener(1)->clear_socket(); }},
      {"generation[0].listener[1].user: 0 is not one",
       [](State& s) { s.mutable_generation(0)->mutable_listener(1)->clear_user(); }},
      {"generation[0].listener[1].rights.mode: 65535 is not the mode of a file",
       [](State& s) {
         s.mutable_generation(0)->mutable_listener(1)->mutable_rights()->set_mode(0xffff);
       }},
      {"socket[3]: no generation has it",
       [](State& s) { s.mutable_generation(0)->mutable_listener()->RemoveLast(); }},
      {"socket[0].fd: descriptor 9999 was not passed on",
       [](State& s) { s.mutable_socket(0)->set_fd(9999); }},
      {"socket[0].is_listening: 0, but the socket has 1",
       [](State& s) { s.mutable_socket(0)->set_is_listening(false); }},
      {"socket[0].shares_port: 0, but the socket has 1",
       [](State& s) { s.mutable_socket(0)->set_shares_port(false); }},
      {"socket[0].file: is of a Unix socket only",
       [](State& s) { s.mutable_socket(0)->mutable_file(); }},
      {"socket[2].file: is missing", [](State& s) { s.mutable_socket(2)->clear_file(); }},
      {"generation[0].user_zone: there are 0 for 1",
       [](State& s) { s.mutable_generation(0)->clear_user_zone(); }},
      {"generation[0].admin_terms: is missing",
       [](State& s) { s.mutable_generation(0)->clear_admin_terms(); }},
      {"generation[0].admin_terms.admin.allow[0].principal[0]: \"nobody\" is not a principal",
       [](State& s) {
         s.mutable_generation(0)->mutable_admin_terms()->mutable_allow(0)->set_principal(0,
                                                                                         "nobody");
       }},
      {"generation[0].admin_terms.allow[0].principal: \"user:root\" has a name",
       [](State& s) {
         s.mutable_generation(0)->mutable_admin_terms()->mutable_allow(0)->set_principal(
             0, "user:root");
       }},
      {"generation[0].ids.cpu_list[0].cpu: is missing",
       [](State& s) { s.mutable_generation(0)->mutable_ids()->mutable_cpu_list(0)->clear_cpu(); }},
      {"generation[0].sealed_config_fd: has another configuration",
       [](State& s) { s.mutable_generation(0)->mutable_config()->set_worker_connections(5); }},
      {"program[0].path: is missing", [](State& s) { s.mutable_program(0)->clear_path(); }},
      {"program[0].fd: descriptor",
       [](State& s) { s.mutable_program(0)->set_fd(s.socket(0).fd()); }},
      {"user_zone[0]: zone \"z\": its largest size in bytes is ",
       [](State& s) { s.mutable_user_zone(0)->set_size_bytes(1 << 20); }},
      {"user_zone[0]: zone \"z\": its instance is ",
       [](State& s) { s.mutable_user_zone(0)->set_instance_id(1); }},
      {"muster.state.v1.DeploymentState: field 77 is not known",
       [](State& s) { s.GetReflection()->MutableUnknownFields(&s)->AddVarint(77, 1); }},
      {"generation[0].config: field 999 is not known",
       [](State& s) {
         auto* const config = s.mutable_generation(0)->mutable_config();
         config->GetReflection()->MutableUnknownFields(config)->AddVarint(999, 1);
       }},
  };
  for (const auto& [message, change] : cases) EXPECT_THAT(ErrorAfter(change), StartsWith(message));
  EXPECT_EQ(ErrorAfter([](State&) {}), "");
}

}  // namespace
}  // namespace muster::master
