// For libFuzzer: what another program has left of a master's processes is restored, or refused with
// the field. What was restored has no effect, and what it saves in its turn can be restored.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "muster/ipc/base/check.h"
#include "muster/ipc/channel/channel.h"
#include "muster/loop/event_loop.h"
#include "muster/master/deployment/deployments.h"
#include "muster/master/events/call_audit.h"
#include "muster/master/events/event_ring.h"
#include "muster/master/events/zone_events.h"
#include "muster/master/keep/descriptor_inheritance.h"
#include "muster/master/metrics/master_counts.h"
#include "muster/master/process/log.h"
#include "muster/master/process/pid_file.h"
#include "muster/master/reporter.h"
#include "muster/master/systemd/service_notifier.h"
#include "muster/master/workers/live_workers.h"
#include "muster/proto/state/process_state.pb.h"

namespace muster::master {
namespace {

// The descriptors that the seeds have: a log, two channels, three files, and two for messages.
class Descriptors {
 public:
  Descriptors() {
    Add(::memfd_create("log", MFD_CLOEXEC));
    for (int i = 0; i < 2; ++i) {
      ipc::Channel::Pair pair = *ipc::Channel::CreatePair();
      Add(std::move(pair.first).Release().release());
      Add(std::move(pair.second).Release().release());
    }
    for (int i = 0; i < 3; ++i) Add(::memfd_create("file", MFD_CLOEXEC));
    for (int i = 0; i < 2; ++i) Add(::open("/dev/null", O_RDWR | O_CLOEXEC));
  }
  const std::set<int>& numbers() const { return numbers_; }

 private:
  void Add(int fd) {
    const int number = kFirst + static_cast<int>(numbers_.size());
    MUSTER_CHECK(::dup3(fd, number, O_CLOEXEC) == number, "its number");
    ::close(fd);
    numbers_.insert(number);
  }

  static constexpr int kFirst = 100;
  std::set<int> numbers_;
};

// What the program that restores has beside the state.
struct Surroundings {
  const Descriptors descriptors;
  const std::unique_ptr<loop::EventLoop> loop = *loop::EventLoop::Create();
  Log log;
  const worker::SharedZone zone = *worker::SharedZone::Create(8);
  const LiveWorkers::ZoneTable zones{
      {std::make_shared<const worker::UserZone>(*worker::UserZone::Create("z", 4096))}};
  const SupervisorCore core{8};
  const LiveWorkers no_workers{*loop, log, zone, nullptr, [](const Event&) {}};
  const std::unique_ptr<Deployments> deployments =
      *Deployments::Create(*loop, {}, Deployment(), [](LoadId, const absl::Status&) {});

  Surroundings() {
    for (int i = 0; i < 4; ++i) MUSTER_CHECK(zone.Reserve().ok(), "slots for workers");
  }
};

template <typename Part, typename State>
void RestoreTwice(Part& part, Part& again, const State& state) {
  if (part.Restore(state).ok()) MUSTER_CHECK(again.Restore(part.Save()).ok(), "restored again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Surroundings& around = *new Surroundings;
  state::v1::ProcessState state;
  if (!state.ParseFromArray(data, static_cast<int>(size))) return 0;
  DescriptorInheritance inheritance(around.descriptors.numbers());
  Log log;
  (void)log.Restore(state.log(), inheritance);
  (void)PidFile::Restore(state.pid_file(), inheritance);
  EventRing events;
  EventRing events_again;
  RestoreTwice(events, events_again, state.events());
  CallAudit audit(events, log);
  CallAudit audit_again(events, log);
  RestoreTwice(audit, audit_again, state.calls());
  MasterCounts counts;
  MasterCounts counts_again;
  RestoreTwice(counts, counts_again, state.counts());
  const state::v1::SupervisorState& rest = state.supervisor();
  worker::EventBoard board = {};
  ZoneEvents zone_events(board);
  ZoneEvents zone_events_again(board);
  RestoreTwice(zone_events, zone_events_again, rest.zone_events());
  ServiceNotifier notifier(*around.loop);
  (void)notifier.Restore(rest.notifier());
  const auto deployments = [&]() -> const Deployments& { return *around.deployments; };
  Reporter reporter(*around.loop,
                    {around.core, around.zone, around.no_workers, deployments, around.log});
  Reporter reporter_again(*around.loop,
                          {around.core, around.zone, around.no_workers, deployments, around.log});
  RestoreTwice(reporter, reporter_again, rest.reporter());
  LiveWorkers workers(*around.loop, log, around.zone, nullptr, [](const Event&) {});
  if (!workers.Restore(rest.workers(), inheritance, around.zones, WorkerLaunch()).ok()) return 0;
  DescriptorKeep keep;
  LiveWorkers::ZoneTable zones;
  const auto saved = workers.Save(keep, zones);
  MUSTER_CHECK(saved.ok(), "saved again");
  LiveWorkers workers_again(*around.loop, log, around.zone, nullptr, [](const Event&) {});
  DescriptorInheritance next(keep.numbers());
  MUSTER_CHECK(workers_again.Restore(*saved, next, zones, WorkerLaunch()).ok(), "restored again");
  return 0;
}

}  // namespace muster::master
