#include <sys/shm.h>
#include <sys/types.h>

#include <cstring>
#include <string>

#include "muster/ipc/base/check.h"
#include "muster/ipc/memory/shared_header.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/ipc/testing/kill_sweep.h"
#include "muster/ipc/testing/scenarios.h"
#include "muster/ipc/testing/scratch_folder.h"
#include "muster/ipc/testing/section.h"
#include "muster/ipc/testing/value.h"

namespace muster::ipc::testing {
namespace {

constexpr SharedLayout kLayout = {.magic = 0x70656577736c6c69, .layout_version = 1, .abi_hash = 1};
constexpr std::size_t kBytes = 4096;
constexpr std::size_t kFilledBytes = 64;
constexpr char kName[] = "block";

// Builds a whole block full of `fill`, and gives it its name.
void Build(const std::string& path, char fill, SharedMemory::Publication publication) {
  SharedMemory memory = Value(SharedMemory::CreateFile(path, {.size_bytes = kBytes}));
  SharedHeader* header = Value(CreateHeader(memory, kLayout));
  std::memset(memory.data() + sizeof(SharedHeader), fill, kFilledBytes);
  PublishHeader(header);
  MUSTER_CHECK(memory.Publish(publication).ok(), "publish");
}

// Empty: nothing has the name. Otherwise what the block is full of, '?' if it is not whole.
std::string Contents(const std::string& path) {
  const auto memory = SharedMemory::AttachFile(path, {.size_bytes = kBytes});
  if (absl::IsNotFound(memory.status())) return "";
  if (!memory.ok() || !CheckHeader(*memory, kLayout).ok()) return "?";
  const char* filled = reinterpret_cast<const char*>(memory->data()) + sizeof(SharedHeader);
  const std::string contents(filled, kFilledBytes);
  return contents == std::string(kFilledBytes, filled[0]) ? contents.substr(0, 1) : "?";
}

void Creator(Trial& trial) {
  const ScratchFolder folder;
  const std::string path = folder.path() + "/" + kName;
  Victim& victim = trial.StartVictim([&](Part&) {
    SectionMark();
    Build(path, 'a', SharedMemory::Publication::kNewName);
    SectionMark();
  });
  trial.Step(victim);
  victim.Kill();
  const std::string contents = Contents(path);
  if (contents != "" && contents != "a") trial.Fault("half a block was attached");
  if (folder.Names().size() != (contents.empty() ? 0 : 1)) trial.Leak("a name is left");
  Build(path, 'b', SharedMemory::Publication::kReplace);
  if (Contents(path) != "b") trial.Fault("the name does not serve again");
}

void Replacer(Trial& trial) {
  const ScratchFolder folder;
  const std::string path = folder.path() + "/" + kName;
  Build(path, 'a', SharedMemory::Publication::kNewName);
  Victim& victim = trial.StartVictim([&](Part&) {
    SectionMark();
    Build(path, 'b', SharedMemory::Publication::kReplace);
    SectionMark();
  });
  trial.Step(victim);
  victim.Kill();
  const std::string contents = Contents(path);
  if (contents != "a" && contents != "b") trial.Fault("there was neither the old nor the new");
  // What the dead one left may stay until the next one comes.
  Build(path, 'c', SharedMemory::Publication::kReplace);
  if (Contents(path) != "c") trial.Fault("the name does not serve again");
  if (folder.Names().size() != 1) trial.Leak("a temporary name is left");
}

// Segments that this process has created and that are there still.
int SegmentsOf(pid_t creator) {
  int count = 0;
  shm_info info;
  const int last = ::shmctl(0, SHM_INFO, reinterpret_cast<shmid_ds*>(&info));
  for (int index = 0; index <= last; ++index) {
    shmid_ds segment;
    count += ::shmctl(index, SHM_STAT, &segment) >= 0 && segment.shm_cpid == creator;
  }
  return count;
}

void SystemVCreator(Trial& trial) {
  Victim& victim = trial.StartVictim([&](Part&) {
    SectionMark();
    { const SharedMemory memory = Value(SharedMemory::CreateSystemV({.size_bytes = kBytes})); }
    SectionMark();
  });
  trial.Step(victim);
  victim.Kill();
  // As above.
  const SharedMemory next = Value(SharedMemory::CreateSystemV({.size_bytes = kBytes}));
  if (SegmentsOf(victim.pid()) != 0) trial.Leak("a segment is left");
}

}  // namespace

std::vector<Scenario> SharedMemoryScenarios() {
  return {
      {.primitive = "shared memory", .role = "creator", .play = Creator},
      {.primitive = "shared memory", .role = "creator that replaces", .play = Replacer},
      {.primitive = "shared memory", .role = "creator of System V memory", .play = SystemVCreator},
  };
}

}  // namespace muster::ipc::testing
