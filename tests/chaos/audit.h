#ifndef MUSTER_TESTS_CHAOS_AUDIT_H_
#define MUSTER_TESTS_CHAOS_AUDIT_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "muster/proto/admin.pb.h"
#include "muster/tests/chaos/process_view.h"

namespace muster::tests::chaos {

// What the kernel tells of a master and its children at one moment.
struct Scene {
  Process master;
  std::vector<Process> children{};
  // The sockets of clients' connections that each child has, of those that the run knows.
  std::map<pid_t, int> clients_of{};
  // The sockets that listen for clients, of the master and each child.
  std::map<pid_t, std::set<std::uint64_t>> listeners_of{};

  bool operator==(const Scene&) const = default;
};

// What the run knows to be so after its actions.
struct Expected {
  std::uint64_t generation = 0;
  int workers = 0;
  // With REUSEPORT one for each worker. They stay when there are fewer workers.
  int listeners = 1;
  bool is_paused = false;
  // Nothing was stopped or killed a moment ago, nothing drains.
  bool is_at_rest = false;
};

// Each difference between what the master tells, what the kernel does, and what is expected, as a
// sentence. Pure.
std::vector<std::string> Differences(const admin::v1::Status& status, const Scene& scene,
                                     const Expected& expected);

// Finds what grows: what a master and its workers have at each rest, beside what they had at the
// first.
class Leaks {
 public:
  // Each thing that has leaked since, as a sentence. `kind`: workers of different kinds differ in
  // what they have. `files` are those in the master's folder.
  std::vector<std::string> Look(const Scene& scene, const std::string& kind,
                                const std::vector<std::string>& files);

 private:
  struct Usage {
    std::map<std::string, int> descriptors{};
    int mappings = 0;
  };
  // Without clients' connections, listeners, and what is the logs' and caches'.
  static Usage UsageOf(const Process& process, const Scene& scene);

  std::optional<Usage> master_;  // without what each worker costs it
  std::map<std::string, Usage> workers_;
  std::vector<std::string> files_;
};

}  // namespace muster::tests::chaos

#endif  // MUSTER_TESTS_CHAOS_AUDIT_H_
