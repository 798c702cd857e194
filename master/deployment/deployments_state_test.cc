// Deployments that were saved and are restored. Here in one process; deployments_exec_test.cc does
// it over an exec.

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/memory/sealed_bytes.h"
#include "muster/listen/address.h"
#include "muster/master/deployment/deployments_state_fixture.h"
#include "muster/proto/state/deployment_state.pb.h"
#include "muster/tests/support/test_certificates.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// With which file each descriptor is open, in place of its number.
void ReplaceDescriptors(google::protobuf::Message* message, std::map<ino_t, int>& files) {
  using google::protobuf::FieldDescriptor;
  std::vector<const FieldDescriptor*> fields;
  message->GetReflection()->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    const auto* reflection = message->GetReflection();
    if (field->name() == "fd" || field->name() == "memory_fd" ||
        field->name() == "sealed_config_fd") {
      struct stat file = {};
      ASSERT_EQ(::fstat(reflection->GetInt32(*message, field), &file), 0);
      const auto [known, is_new] = files.emplace(file.st_ino, static_cast<int>(files.size()));
      reflection->SetInt32(message, field, known->second);
    } else if (field->name() == "bell_fd") {
      reflection->SetInt32(message, field, 0);  // all eventfds are one file
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && field->is_repeated()) {
      for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
        ReplaceDescriptors(reflection->MutableRepeatedMessage(message, field, i), files);
      }
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      ReplaceDescriptors(reflection->MutableMessage(message, field), files);
    }
  }
}

TEST_F(DeploymentsStateTest, AreSavedWithoutTheGenerationsThatAreLeftOut) {
  Serve("listen { address: '127.0.0.1:0' }");
  Reload(*deployments_, "listen { address: '127.0.0.1:0' } zone { name: 'b' size_bytes: 4096 }");
  Reload(*deployments_, "listen { address: '127.0.0.1:0' }");
  DescriptorKeep keep;
  SharedTable<worker::UserZone> zones;
  const auto state = deployments_->Save(keep, zones, {2});
  ASSERT_TRUE(state.ok()) << state.status();
  ASSERT_EQ(state->generation_size(), 2);
  EXPECT_EQ(state->generation(0).number(), 1u);
  EXPECT_EQ(state->generation(1).number(), 3u);
  EXPECT_TRUE(zones.entries().empty()) << "nobody else has the zone";
}

// A program that knows fewer fields reads its own configuration again.
TEST_F(DeploymentsStateTest, AreSavedAsTheProgramBeforeHasMadeThem) {
  Serve("listen { address: '127.0.0.1:0' }");
  Saved before = Save(*deployments_);
  state::v1::Generation& generation = *before.state.mutable_generation(0);
  generation.mutable_config()->clear_accept_delay();
  auto sealed = ipc::SealBytes("muster-config", generation.config().SerializeAsString());
  ASSERT_TRUE(sealed.ok()) << sealed.status();
  generation.set_sealed_config_fd(sealed->get());
  before.descriptors.insert(sealed->get());
  ASSERT_TRUE(Restore(before).ok()) << Restore(before);
  const absl::StatusOr<bool> is_there = again_->LoadAgain(7, 1, 3);
  ASSERT_TRUE(is_there.ok()) << is_there.status();
  ASSERT_TRUE(*is_there || Await(absl::OkStatus()).ok());
  ASSERT_TRUE(again_->ListenOnNext().ok());
  again_->Commit(2);
  EXPECT_TRUE(again_->current()->config.has_accept_delay());
  const Saved after = Save(*again_);
  EXPECT_FALSE(after.state.generation(1).config().has_accept_delay());
  EXPECT_EQ(after.state.generation(1).config().worker_processes(), 3u);
}

TEST_F(DeploymentsStateTest, ComeBackEqualWithAllGenerationsAndWhatTheyShare) {
  Serve(
      "accept: REUSEPORT worker_processes: 3 listen { address: '127.0.0.1:0' }\n"
      "listen { address: 'unix:FOLDER/site' mode: '0660' }\n"
      "admin { listen: 'unix:FOLDER/admin' listen: '127.0.0.1:0' insecure: true\n"
      "  metrics { listen: '127.0.0.1:0' }\n"
      "  allow { name: 'all' principal: 'anonymous' role: VIEWER }\n"
      "  allow { name: 'us' principal: 'user:root' method: 'Get*' } }\n"
      "zone { name: 'a' size_bytes: 4096 } zone { name: 'b' size_bytes: 8192 }\n"
      "environment { name: 'SECRET' value: 'x' } cpu_affinity: 'AUTO' nice: 3\n");
  const std::string second =
      "worker_processes: 2 listen { address: '127.0.0.1:0' } zone { name: 'b' size_bytes: 8192 }\n"
      "admin { listen: 'unix:FOLDER/admin' }\n";
  Reload(*deployments_, second, 1);
  Reload(*deployments_, second + "listen { address: 'unix:FOLDER/other' }", 2);
  deployments_->Release(1);
  Saved before = Save(*deployments_);
  ASSERT_EQ(before.state.generation_size(), 3);
  ASSERT_TRUE(Restore(before).ok()) << Restore(before);
  Saved after = Save(*again_);
  EXPECT_NE(before.descriptors, after.descriptors);

  std::map<ino_t, int> files;
  ReplaceDescriptors(&before.state, files);
  ReplaceDescriptors(&after.state, files);
  EXPECT_EQ(before.state.DebugString(), after.state.DebugString());
  EXPECT_EQ(before.state.SerializeAsString(), after.state.SerializeAsString());
}

TEST_F(DeploymentsStateTest, ShareWhatTheyShared) {
  Serve("listen { address: '127.0.0.1:0' } zone { name: 'z' size_bytes: 4096 }");
  Reload(*deployments_, "listen { address: '127.0.0.1:0' } zone { name: 'z' size_bytes: 4096 }", 1);
  RestoreAgain();
  const Deployment& old = *again_->Find(1);
  const Deployment& now = *again_->Find(2);
  EXPECT_EQ(old.listeners.ForWorker(0, 1)[0].fd, now.listeners.ForWorker(0, 1)[0].fd);
  EXPECT_EQ(old.zones.at(0), now.zones.at(0));
  EXPECT_NE(old.worker, now.worker) << "each load opens the program";
  EXPECT_EQ(again_->current(), &now);
  EXPECT_EQ(again_->next(), nullptr);
}

TEST_F(DeploymentsStateTest, GoOnAccepting) {
  Serve(
      "accept: REUSEPORT worker_processes: 2 listen { address: '127.0.0.1:0' }\n"
      "listen { address: 'unix:FOLDER/site' }\n"
      "admin { listen: 'unix:FOLDER/admin' metrics { listen: '127.0.0.1:0' } }\n");
  RestoreAgain();
  const ListenerSet& listeners = again_->current()->listeners;
  // Each socket of a port takes some.
  const auto first = listeners.ForWorker(0, 2);
  const auto second = listeners.ForWorker(1, 2);
  ASSERT_EQ(first.size(), 2u);
  ASSERT_EQ(second.size(), 2u);
  EXPECT_NE(first[0].fd, second[0].fd);
  EXPECT_EQ(first[1].fd, second[1].fd);
  const listen::Address address = *listen::Address::Parse(first[0].address);
  const ipc::UniqueFd client(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(client.get(), address.get(), address.size()), 0);
  pollfd either[] = {{first[0].fd, POLLIN, 0}, {second[0].fd, POLLIN, 0}};
  EXPECT_EQ(::poll(either, 2, 30'000), 1);

  EXPECT_TRUE(Accepts(first[1].address, first[1].fd));
  const auto admin = listeners.ForAdmin();
  ASSERT_EQ(admin.size(), 1u);
  EXPECT_TRUE(Accepts(admin[0]->address().ToString(), admin[0]->fd()));
  EXPECT_TRUE(Accepts(listeners.ForMetrics()->address().ToString(), listeners.ForMetrics()->fd()));
}

TEST_F(DeploymentsStateTest, LeaveNoTraceInAProcessThatOnlyTries) {
  Serve(
      "listen { address: '127.0.0.1:0' } listen { address: 'unix:FOLDER/site' }\n"
      "admin { listen: 'unix:FOLDER/admin' } zone { name: 'z' size_bytes: 4096 }\n");
  const Saved saved = Save(*deployments_);
  const auto memory = [&] {
    std::string bytes(std::size_t{1} << 20, '\0');
    const ssize_t size =
        ::pread(saved.state.user_zone(0).memory_fd(), bytes.data(), bytes.size(), 0);
    bytes.resize(static_cast<std::size_t>(size));
    return bytes;
  };
  const std::string before = memory();
  const pid_t child = ::fork();
  if (child == 0) {
    const bool is_restored = Restore(saved).ok();
    again_.reset();
    ::_exit(is_restored ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  // Nor in this one, before it has begun.
  ASSERT_TRUE(Restore(saved).ok());
  again_.reset();
  EXPECT_EQ(memory(), before);
  const ListenerSet& listeners = deployments_->current()->listeners;
  EXPECT_TRUE(listeners.UnreachableAddresses().empty());
  for (const auto& entry : listeners.ForWorker(0, 1)) {
    EXPECT_TRUE(Accepts(entry.address, entry.fd)) << entry.address;
  }
  EXPECT_TRUE(Accepts(absl::StrCat("unix:", folder_, "/admin"), listeners.ForAdmin()[0]->fd()));
}

TEST_F(DeploymentsStateTest, RemoveTheFilesOfTheirSocketsOnceTheyHaveBegun) {
  Serve("listen { address: 'unix:FOLDER/site' }");
  RestoreAgain();
  again_->Begin();
  again_.reset();
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/site"));
}

TEST_F(DeploymentsStateTest, RingTheSameBell) {
  Serve("listen { address: '127.0.0.1:0' } zone { name: 'z' size_bytes: 4096 }");
  RestoreAgain();
  pollfd rung = {deployments_->current()->zones[0]->bell_fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&rung, 1, 0), 0);
  again_->current()->zones[0]->Ring();
  EXPECT_EQ(::poll(&rung, 1, 0), 1);
}

TEST_F(DeploymentsStateTest, LoadTheNextAfterwards) {
  Serve("listen { address: '127.0.0.1:0' } zone { name: 'z' size_bytes: 4096 }");
  RestoreAgain();
  again_->Begin();
  const int fd = again_->current()->listeners.ForWorker(0, 1)[0].fd;
  Reload(*again_,
         "worker_processes: 3 listen { address: '127.0.0.1:0' } zone { name: 'z' size_bytes: "
         "4096 }");
  EXPECT_EQ(again_->current()->config.worker_processes(), 3u);
  EXPECT_EQ(again_->current()->listeners.ForWorker(0, 3)[0].fd, fd);
  EXPECT_EQ(again_->current()->zones, again_->Find(1)->zones);
  // And an earlier one.
  const auto is_there = again_->LoadAgain(++load_, 1, 0);
  ASSERT_TRUE(is_there.ok()) << is_there.status();
  EXPECT_TRUE(Await(absl::OkStatus()).ok());
  EXPECT_EQ(again_->next()->worker, again_->Find(1)->worker);
}

TEST_F(DeploymentsStateTest, GoOnToDemandFilesForTheLogsOfADaemon) {
  is_daemon_ = true;
  Serve("listen { address: '127.0.0.1:0' }");
  RestoreAgain();
  Write("listen { address: '127.0.0.1:0' }");
  const absl::Status loaded = Await(again_->LoadNext(++load_));
  EXPECT_THAT(std::string(loaded.message()), HasSubstr("--daemon"));
}

TEST_F(DeploymentsStateTest, ReadTheFilesOfTlsAnewAndKeepWhatTheyHadIfTheyAreGone) {
  const tests::TestAuthority authority("ca");
  authority.Issue("first").WriteTo(folder_, "own");
  std::ofstream(folder_ + "/ca.pem") << authority.certificate();
  Serve(
      "listen { address: '127.0.0.1:0' }\n"
      "admin { listen: '127.0.0.1:0' tls { certificate: 'own.pem' key: 'own.key' client_ca: "
      "'ca.pem' "
      "} }\n");
  const auto subject = [&] { return again_->current()->admin_terms.tls->subject(); };
  RestoreAgain();
  EXPECT_EQ(subject(), "CN=first");
  authority.Issue("second").WriteTo(folder_, "own");
  RestoreAgain();
  EXPECT_EQ(subject(), "CN=second");
  std::filesystem::remove(folder_ + "/own.key");
  RestoreAgain();
  EXPECT_EQ(subject(), "CN=first") << "as it was read by who saved it";
  EXPECT_THAT(ErrorAfter([](state::v1::DeploymentState& state) {
                state.mutable_generation(0)->mutable_admin_terms()->mutable_tls()->clear_key();
              }),
              StartsWith("generation[0].admin_terms.tls: "));
}

}  // namespace
}  // namespace muster::master
