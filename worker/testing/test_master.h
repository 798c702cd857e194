#ifndef MUSTER_WORKER_TESTING_TEST_MASTER_H_
#define MUSTER_WORKER_TESTING_TEST_MASTER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/worker.pb.h"
#include "muster/worker/testing/loopback_listener.h"
#include "muster/worker/testing/test_worker.h"
#include "muster/worker/zone/shared_zone.h"

namespace muster::worker::testing {

// What a test that plays the master has: a listener on 127.0.0.1, a zone, a configuration.
class TestMaster {
 public:
  TestMaster();

  const SharedZone& zone() const { return zone_; }
  std::uint16_t port() const { return listener_.port(); }
  int listener() const { return listener_.fd(); }
  config::v1::Config& config() { return config_; }

  // A good one for a process with this tag.
  v1::Hello Hello(ipc::OwnerTag tag) const;
  ipc::OwnerTag Reserve() const;
  ipc::UniqueFd SealConfig() const;
  int handoff_take() const { return handoff_.first.fd(); }
  int handoff_give() const { return handoff_.second.fd(); }

  // Hands the listener, `hello`, zone and configuration over.
  void Introduce(TestWorker& worker, const v1::Hello& hello) const;
  // A worker that is READY and was not told to serve; an echo worker if nothing else is said.
  std::unique_ptr<TestWorker> MakeReady(ipc::OwnerTag tag,
                                        const std::string& program = Program()) const;
  // A worker that serves.
  std::unique_ptr<TestWorker> StartWorker(ipc::OwnerTag tag,
                                          const std::string& program = Program()) const;
  std::unique_ptr<TestWorker> StartWorker() const { return StartWorker(Reserve()); }

  // The echo worker program.
  static std::string Program();

 private:
  SharedZone zone_;
  ipc::Channel::Pair handoff_;
  LoopbackListener listener_;
  config::v1::Config config_;
};

void SendListener(TestWorker& worker, int fd);
// Waits for FAILED; the whole of it, or its reason.
v1::Failed ReceiveFailed(TestWorker& worker);
std::string ReceiveReason(TestWorker& worker);

}  // namespace muster::worker::testing

#endif  // MUSTER_WORKER_TESTING_TEST_MASTER_H_
