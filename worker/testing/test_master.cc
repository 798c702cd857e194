#include "muster/worker/testing/test_master.h"

#include <utility>

#include "muster/ipc/base/check.h"
#include "muster/ipc/memory/sealed_bytes.h"

namespace muster::worker::testing {
namespace {

template <typename Value>
Value Require(absl::StatusOr<Value> value) {
  MUSTER_CHECK(value.ok(), std::string(value.status().message()).c_str());
  return *std::move(value);
}

}  // namespace

TestMaster::TestMaster()
    : zone_(Require(SharedZone::Create(8))), handoff_(Require(ipc::Channel::CreatePair())) {
  // Of Hello.
  zone_.master_status().generation.Set(7);
  config_.set_worker_connections(64);
  config_.mutable_accept_delay()->set_nanos(5'000'000);
  config_.mutable_shutdown_timeout()->set_seconds(60);
}

v1::Hello TestMaster::Hello(ipc::OwnerTag tag) const {
  v1::Hello hello;
  hello.set_version(kOldestProtocolVersion);
  hello.set_newest_version(kProtocolVersion);
  hello.set_owner_tag(tag.bits());
  hello.set_slot(3);
  hello.set_index(1);
  hello.set_generation(7);
  hello.set_listeners(1);
  return hello;
}

ipc::OwnerTag TestMaster::Reserve() const { return Require(zone_.Reserve()); }

ipc::UniqueFd TestMaster::SealConfig() const {
  return Require(ipc::SealBytes("config", config_.SerializeAsString()));
}

void TestMaster::Introduce(TestWorker& worker, const v1::Hello& hello) const {
  SendListener(worker, listener_.fd());
  const ipc::UniqueFd config = SealConfig();
  const int fds[] = {zone_.fd(), config.get(), handoff_take(), handoff_give()};
  worker.Send(Command::kHello, &hello, fds);
}

std::unique_ptr<TestWorker> TestMaster::MakeReady(ipc::OwnerTag tag,
                                                  const std::string& program) const {
  auto worker = std::make_unique<TestWorker>(program);
  Introduce(*worker, Hello(tag));
  MUSTER_CHECK(worker->Receive().command_as<Command>() == Command::kReady, "the worker is ready");
  return worker;
}

std::unique_ptr<TestWorker> TestMaster::StartWorker(ipc::OwnerTag tag,
                                                    const std::string& program) const {
  auto worker = MakeReady(tag, program);
  MUSTER_CHECK(worker->Ask(Command::kServe).empty(), "the worker serves");
  return worker;
}

std::string TestMaster::Program() { return "worker/testing/echo_worker"; }

void SendListener(TestWorker& worker, int fd) {
  v1::Listeners listeners;
  listeners.add_listener()->set_address("127.0.0.1:0");
  const int fds[] = {fd};
  worker.Send(Command::kListeners, &listeners, fds);
}

v1::Failed ReceiveFailed(TestWorker& worker) {
  const ipc::ReceivedMessage message = worker.Receive();
  v1::Failed failed;
  MUSTER_CHECK(message.command_as<Command>() == Command::kFailed, "the worker says FAILED");
  MUSTER_CHECK(failed.ParseFromString(message.payload), "FAILED has its payload");
  return failed;
}

std::string ReceiveReason(TestWorker& worker) { return ReceiveFailed(worker).reason(); }

}  // namespace muster::worker::testing
