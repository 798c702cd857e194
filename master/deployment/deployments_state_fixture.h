#ifndef MUSTER_MASTER_DEPLOYMENT_DEPLOYMENTS_STATE_FIXTURE_H_
#define MUSTER_MASTER_DEPLOYMENT_DEPLOYMENTS_STATE_FIXTURE_H_

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/listen/address.h"
#include "muster/loop/run_until.h"
#include "muster/master/config/identified_config.h"
#include "muster/master/deployment/deployments.h"
#include "muster/master/deployment/worker_question.h"
#include "muster/master/deployment/zone_state.h"
#include "muster/master/keep/descriptor_inheritance.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/master/keep/shared_table.h"
#include "muster/proto/state/deployment_state.pb.h"

namespace muster::master {

// Deployments that serve, and the same again, restored from what was saved of them. In one process:
// what is restored has duplicates of the descriptors.
class DeploymentsStateTest : public testing::Test {
 protected:
  // The least that a service needs.
  static constexpr char kHttp[] = "http { location { path: '/' return {} } }\n";

  struct Saved {
    state::v1::DeploymentState state;
    std::set<int> descriptors;
  };

  static Saved Save(const Deployments& deployments) {
    DescriptorKeep keep;
    SharedTable<worker::UserZone> zones;
    auto state = deployments.Save(keep, zones);
    EXPECT_TRUE(state.ok()) << state.status();
    *state->mutable_user_zone() = SaveUserZones(zones, keep);
    Saved saved;
    EXPECT_TRUE(saved.state.ParseFromString(state->SerializeAsString()));
    saved.descriptors = keep.numbers();
    return saved;
  }

  void SetUp() override {
    char folder[] = "/tmp/muster-state-XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    folder_ = folder;
  }
  void TearDown() override {
    again_.reset();
    deployments_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::string file() const { return folder_ + "/m.textproto"; }
  void Write(const std::string& lines) const {
    std::ofstream(file()) << (absl::StrContains(lines, "http {") ? "" : kHttp)
                          << absl::StrReplaceAll(lines, {{"FOLDER", folder_}});
  }
  std::string Program(const std::string& name, const std::string& body) const {
    const std::string path = absl::StrCat(folder_, "/", name);
    std::ofstream(path) << "#!/bin/sh\n" << body << "\n";
    ::chmod(path.c_str(), 0700);
    return path;
  }

  // A first generation with these lines, which serves.
  void Serve(const std::string& lines, const std::string& program = "/bin/sh") {
    Write(lines);
    const auto finder = std::make_shared<WorkerFinder>(program);
    const auto checked = ReadIdentifiedFile(file(), folder_, AskWhenNeeded(finder));
    ASSERT_TRUE(checked.ok()) << checked.status();
    auto first = PrepareDeployment(*checked, *finder, ListenerSet());
    ASSERT_TRUE(first.ok()) << first.status();
    auto deployments =
        Deployments::Create(*loop_, {file(), folder_, program, is_daemon_}, *std::move(first),
                            [this](LoadId, const absl::Status& status) { loaded_ = status; });
    ASSERT_TRUE(deployments.ok()) << deployments.status();
    deployments_ = *std::move(deployments);
    ASSERT_TRUE(deployments_->ListenOnNext().ok());
    deployments_->Commit(++generation_);
  }
  absl::Status Await(const absl::Status& begun) {
    if (!begun.ok()) return begun;
    EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return loaded_.has_value(); }));
    return std::exchange(loaded_, std::nullopt).value_or(absl::UnknownError("nothing came"));
  }
  void Reload(Deployments& deployments, const std::string& lines, std::uint64_t way_back = 0) {
    Write(lines);
    const absl::Status loaded = Await(deployments.LoadNext(++load_));
    ASSERT_TRUE(loaded.ok()) << loaded;
    ASSERT_TRUE(deployments.ListenOnNext().ok());
    deployments.Commit(++generation_, way_back);
  }

  // Restores what `state` says, into again_.
  absl::Status Restore(const Saved& saved) {
    again_.reset();
    DescriptorInheritance descriptors(saved.descriptors);
    const auto zones = RestoreUserZones(saved.state.user_zone(), descriptors);
    if (!zones.ok()) return zones.status();
    auto deployments =
        Deployments::Restore(*loop_, saved.state, descriptors, *zones,
                             [this](LoadId, const absl::Status& status) { loaded_ = status; });
    if (!deployments.ok()) return deployments.status();
    again_ = *std::move(deployments);
    return absl::OkStatus();
  }
  void RestoreAgain() {
    const absl::Status restored = Restore(Save(*deployments_));
    ASSERT_TRUE(restored.ok()) << restored;
  }
  // The error of restoring the state of what serves, once it is changed.
  std::string ErrorAfter(const std::function<void(state::v1::DeploymentState&)>& change) {
    Saved saved = Save(*deployments_);
    change(saved.state);
    return std::string(Restore(saved).message());
  }

  // Whether the socket that the listener has takes the connection of a client.
  static bool Accepts(const std::string& text, int fd) {
    const listen::Address address = *listen::Address::Parse(text);
    const ipc::UniqueFd client(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(client.get(), address.get(), address.size()) != 0) return false;
    pollfd ready = {fd, POLLIN, 0};
    if (::poll(&ready, 1, 30'000) != 1) return false;
    return ipc::UniqueFd(::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC)).valid();
  }

  std::string folder_;
  const std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  bool is_daemon_ = false;
  LoadId load_ = 0;
  std::uint64_t generation_ = 0;
  std::optional<absl::Status> loaded_;
  std::unique_ptr<Deployments> deployments_;
  std::unique_ptr<Deployments> again_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DEPLOYMENT_DEPLOYMENTS_STATE_FIXTURE_H_
