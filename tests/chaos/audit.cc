#include "muster/tests/chaos/audit.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace muster::tests::chaos {
namespace {

using admin::v1::Master;
using admin::v1::Worker;

std::string NameOf(const Worker& worker) {
  return absl::StrCat("worker ", worker.index(), " of generation ", worker.generation(), " (pid ",
                      worker.pid(), ", ", Worker::State_Name(worker.state()), ")");
}

bool IsEnding(const Worker& worker) {
  return worker.state() == Worker::DRAINING || worker.state() == Worker::STOPPING;
}

// The pids that are in the status are the master's children, and no others.
void CompareProcesses(const admin::v1::Status& status, const Scene& scene,
                      std::vector<std::string>& differences) {
  std::set<pid_t> told;
  for (const Worker& worker : status.workers()) {
    if (worker.pid() != 0 && !told.insert(worker.pid()).second) {
      differences.push_back(absl::StrCat("two workers have pid ", worker.pid()));
    }
  }
  for (const Process& child : scene.children) {
    if (child.state == 'Z') {
      differences.push_back(absl::StrCat("pid ", child.pid, " is a zombie"));
    } else if (told.count(child.pid) == 0) {
      differences.push_back(absl::StrCat("the master does not tell of its child ", child.pid, " (",
                                         child.title, ")"));
    }
    told.erase(child.pid);
  }
  for (const pid_t pid : told) {
    differences.push_back(
        absl::StrCat("the master tells of pid ", pid, ", which is no child of it"));
  }
}

// What is told of a worker is so for its process.
void CompareWorker(const Worker& worker, const Process& process,
                   std::vector<std::string>& differences) {
  const bool is_stopped = process.state == 'T';
  const bool is_told_to_hang = worker.has_hung_for() || worker.state() == Worker::HUNG;
  const bool may_hang = worker.state() != Worker::STARTING && worker.state() != Worker::STOPPING;
  if (may_hang && is_stopped != is_told_to_hang) {
    differences.push_back(absl::StrCat(NameOf(worker), is_told_to_hang ? " is told to hang" : "",
                                       " is in state ", std::string(1, process.state)));
  }
  const std::string title =
      absl::StrCat("worker process ", worker.index(), " (generation ", worker.generation());
  const bool has_title = worker.state() == Worker::SERVING || worker.state() == Worker::READY;
  if (has_title && !absl::StrContains(process.title, title)) {
    differences.push_back(absl::StrCat(NameOf(worker), " is called \"", process.title, "\""));
  }
}

void CompareWorkers(const admin::v1::Status& status, const Scene& scene, const Expected& expected,
                    std::vector<std::string>& differences) {
  std::set<std::uint32_t> slots;
  int of_generation = 0;
  for (const Worker& worker : status.workers()) {
    if (!slots.insert(worker.slot()).second) {
      differences.push_back(absl::StrCat("two workers have slot ", worker.slot()));
    }
    if (worker.generation() == expected.generation && !IsEnding(worker)) ++of_generation;
    const auto process =
        std::find_if(scene.children.begin(), scene.children.end(),
                     [&](const Process& each) { return each.pid == worker.pid(); });
    if (process != scene.children.end()) CompareWorker(worker, *process, differences);
    if (!expected.is_at_rest) continue;
    if (worker.state() != Worker::SERVING || worker.generation() != expected.generation) {
      differences.push_back(absl::StrCat(NameOf(worker), " does not serve though nothing happens"));
    }
    const auto clients = scene.clients_of.find(worker.pid());
    const int held = clients == scene.clients_of.end() ? 0 : clients->second;
    if (worker.counters().active() != static_cast<std::uint64_t>(held)) {
      differences.push_back(absl::StrCat(NameOf(worker), " tells of ", worker.counters().active(),
                                         " active connections, and has ", held));
    }
  }
  const int wanted = expected.is_paused ? 0 : expected.workers;
  if (of_generation != wanted) {
    differences.push_back(absl::StrCat("generation ", expected.generation, " has ", of_generation,
                                       " workers instead of ", wanted));
  }
}

void CompareMaster(const admin::v1::Status& status, const Scene& scene, const Expected& expected,
                   std::vector<std::string>& differences) {
  const Master& master = status.master();
  if (master.pid() != scene.master.pid) {
    differences.push_back(absl::StrCat("the master tells pid ", master.pid()));
  }
  const Master::State state = expected.is_paused ? Master::PAUSED : Master::RUNNING;
  if (master.state() != state) {
    differences.push_back(absl::StrCat("the master is ", Master::State_Name(master.state()),
                                       " instead of ", Master::State_Name(state)));
  }
  if (master.generation() != expected.generation) {
    differences.push_back(absl::StrCat("the master tells generation ", master.generation(),
                                       " instead of ", expected.generation));
  }
}

void CompareTotals(const admin::v1::Status& status, std::vector<std::string>& differences) {
  std::uint64_t accepted = status.stats().ended().accepted();
  std::uint64_t requests = status.stats().ended().requests();
  for (const Worker& worker : status.workers()) {
    accepted += worker.counters().accepted();
    requests += worker.counters().requests();
  }
  const admin::v1::Counters& total = status.stats().total();
  if (accepted != total.accepted() || requests != total.requests()) {
    differences.push_back(absl::StrCat("the sum of the workers is ", accepted, " accepted, ",
                                       requests, " requests; the total is ", total.accepted(),
                                       " and ", total.requests()));
  }
}

// All workers together have the listeners that the master has.
void CompareListeners(const Scene& scene, const Expected& expected,
                      std::vector<std::string>& differences) {
  std::set<std::uint64_t> of_workers;
  std::set<std::uint64_t> of_master;
  for (const auto& [pid, listeners] : scene.listeners_of) {
    (pid == scene.master.pid ? of_master : of_workers).insert(listeners.begin(), listeners.end());
  }
  if (static_cast<int>(of_master.size()) != expected.listeners) {
    differences.push_back(absl::StrCat("the master has ", of_master.size(),
                                       " listeners instead of ", expected.listeners));
  }
  if (expected.is_at_rest && of_workers != of_master) {
    differences.push_back(
        absl::StrCat("the workers have ", of_workers.size(), " listeners of ", of_master.size()));
  }
}

}  // namespace

std::vector<std::string> Differences(const admin::v1::Status& status, const Scene& scene,
                                     const Expected& expected) {
  std::vector<std::string> differences;
  CompareMaster(status, scene, expected, differences);
  CompareProcesses(status, scene, differences);
  CompareWorkers(status, scene, expected, differences);
  CompareTotals(status, differences);
  CompareListeners(scene, expected, differences);
  return differences;
}

Leaks::Usage Leaks::UsageOf(const Process& process, const Scene& scene) {
  Usage usage = {.descriptors = process.descriptors, .mappings = process.zone_mappings};
  usage.descriptors.erase("file");
  usage.descriptors.erase("pipe");
  const auto clients = scene.clients_of.find(process.pid);
  if (clients != scene.clients_of.end()) usage.descriptors["socket"] -= clients->second;
  const auto listeners = scene.listeners_of.find(process.pid);
  if (listeners != scene.listeners_of.end()) {
    usage.descriptors["socket"] -= static_cast<int>(listeners->second.size());
  }
  return usage;
}

std::vector<std::string> Leaks::Look(const Scene& scene, const std::string& kind,
                                     const std::vector<std::string>& files) {
  std::vector<std::string> leaks;
  const auto compare = [&](const std::string& whose, Usage first, Usage now) {
    for (const auto& [of, count] : first.descriptors) now.descriptors[of] += 0;
    for (const auto& [of, count] : now.descriptors) {
      if (count == first.descriptors[of]) continue;
      leaks.push_back(absl::StrCat(whose, " has ", count, " descriptors of the kind ", of,
                                   ", at the first rest it had ", first.descriptors[of]));
    }
    if (now.mappings != first.mappings) {
      leaks.push_back(absl::StrCat(whose, " maps ", now.mappings, " memfds, at the first rest ",
                                   first.mappings));
    }
  };
  const int workers = static_cast<int>(scene.children.size());
  Usage master = UsageOf(scene.master, scene);
  master.descriptors["[pidfd]"] -= workers;
  master.descriptors["socket"] -= workers;  // a channel to each
  if (!master_.has_value()) {
    master_ = master;
    files_ = files;
  }
  compare("the master", *master_, master);
  for (const Process& child : scene.children) {
    const Usage worker = UsageOf(child, scene);
    compare(absl::StrCat("worker ", child.pid), workers_.emplace(kind, worker).first->second,
            worker);
    // A few files of the cache, the logs, and those that are being sent.
    constexpr int kMostFiles = 40;
    const auto open = child.descriptors.find("file");
    if (open != child.descriptors.end() && open->second > kMostFiles) {
      leaks.push_back(absl::StrCat("worker ", child.pid, " has ", open->second, " files"));
    }
  }
  const auto files_of_master = scene.master.descriptors.find("file");
  // With the worker programs of ten generations.
  constexpr int kMostFilesOfMaster = 30;
  if (files_of_master != scene.master.descriptors.end() &&
      files_of_master->second > kMostFilesOfMaster) {
    leaks.push_back(absl::StrCat("the master has ", files_of_master->second, " files"));
  }
  for (const std::string& file : files) {
    if (std::find(files_.begin(), files_.end(), file) == files_.end()) {
      leaks.push_back(absl::StrCat("a file was left: ", file));
    }
  }
  return leaks;
}

}  // namespace muster::tests::chaos
