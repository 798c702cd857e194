#include "muster/master/testing/test_admin.h"

#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "grpcpp/generic/generic_stub.h"
#include "muster/ipc/base/check.h"
#include "muster/master/access/access_policy.h"
#include "muster/master/access/admin_terms.h"
#include "muster/proto/config.pb.h"

namespace muster::master {
namespace {

// Far more than a call takes.
constexpr std::chrono::seconds kPatience{60};

template <typename T>
T Must(absl::StatusOr<T> made) {
  MUSTER_CHECK(made.ok(), std::string(made.status().message()).c_str());
  return *std::move(made);
}

}  // namespace

std::unique_ptr<google::protobuf::Message> RequestOf(const config::AdminMethod& method) {
  // "/muster.admin.v1.Admin/Reload" is muster.admin.v1.Admin.Reload.
  std::string name(method.path.substr(1));
  name.replace(name.find('/'), 1, ".");
  const auto* const found =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(name);
  MUSTER_CHECK(found != nullptr, name.c_str());
  return std::unique_ptr<google::protobuf::Message>(
      google::protobuf::MessageFactory::generated_factory()
          ->GetPrototype(found->input_type())
          ->New());
}

TestAdmin::TestAdmin() : loop_(Must(loop::EventLoop::Create())) {
  char folder[] = "/tmp/muster-admin-XXXXXX";
  MUSTER_CHECK(::mkdtemp(folder) != nullptr, "a folder can be made");
  folder_ = folder;
  log_path_ = folder_ + "/log";
  config::v1::Log log;
  log.set_path(log_path_);
  MUSTER_CHECK(log_.Configure(log).ok(), "a log can be written");

  config::v1::Config config;
  config.mutable_admin()->add_listen(absl::StrCat("unix:", folder_, "/admin"));
  listeners_ = Must(ListenerSet::Make(config, 1, {}));
  MUSTER_CHECK(listeners_.Listen().ok(), "a socket can listen");
  const AdminTerms terms = {.access = Must(AccessPolicy::Find(config.admin(), {::geteuid()}))};
  server_ = Must(AdminServer::Start(
      listeners_, terms, core_.operations(),
      {.loop = *loop_, .health = health_, .log = log_, .restore = [this](ListenerSet& now) {
         now = listeners_;
         return absl::OkStatus();
       }}));
  thread_ = std::thread([this] { MUSTER_CHECK(loop_->Run().ok(), "the loop runs"); });
  channel_ = grpc::CreateChannel(absl::StrCat("unix:", folder_, "/admin"),
                                 grpc::InsecureChannelCredentials());
}

TestAdmin::~TestAdmin() {
  loop_->Stop();
  thread_.join();
  server_.reset();
  listeners_ = ListenerSet();
  std::filesystem::remove_all(folder_);
}

TestAdmin::Answer TestAdmin::Ask(const config::AdminMethod& method, absl::string_view request,
                                 const std::string& id) {
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  if (!id.empty()) context.AddMetadata("x-request-id", id);
  grpc::CompletionQueue queue;
  grpc::GenericStub stub(channel_);
  const auto call = stub.PrepareCall(&context, std::string(method.path), &queue);
  const auto next = [&queue] {
    void* tag = nullptr;
    bool is_done = false;
    MUSTER_CHECK(queue.Next(&tag, &is_done), "the queue is open");
    return is_done;
  };
  Answer answer;
  call->StartCall(nullptr);
  if (next()) {
    const grpc::Slice slice(request.data(), request.size());
    call->Write(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions().set_last_message(), nullptr);
    (void)next();
    grpc::ByteBuffer message;
    for (call->Read(&message, nullptr); next(); call->Read(&message, nullptr)) {
      ++answer.messages;
      if (!method.is_stream) continue;
      answer.was_left = true;
      context.TryCancel();
    }
  }
  call->Finish(&answer.status, nullptr);
  (void)next();
  const auto& metadata = context.GetServerTrailingMetadata();
  if (const auto found = metadata.find("x-request-id"); found != metadata.end()) {
    answer.id = std::string(found->second.data(), found->second.size());
  }
  queue.Shutdown();
  void* tag = nullptr;
  bool is_done = false;
  while (queue.Next(&tag, &is_done)) {
  }
  return answer;
}

}  // namespace muster::master
