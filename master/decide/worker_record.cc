#include "muster/master/decide/worker_record.h"

#include "absl/strings/str_cat.h"
#include "muster/ipc/process/signal_name.h"

namespace muster::master {

std::string WorkerName(std::uint64_t generation, std::uint32_t index) {
  return absl::StrCat("worker ", index, " of generation ", generation);
}

std::string WorkerRecord::Name() const {
  const std::string name = WorkerName(generation, index);
  return pid == 0 ? name : absl::StrCat(name, " (pid ", pid, ")");
}

std::string WorkerRecord::HowItEndedInAWord(const ipc::ProcessExit& exit) {
  return exit.was_killed ? ipc::SignalName(exit.code) : absl::StrCat("exit ", exit.code);
}

std::string WorkerRecord::HowItEnded(const ipc::ProcessExit& exit) const {
  return absl::StrCat(exit.was_killed ? "was " : "", exit.ToString(), complaint.empty() ? "" : ": ",
                      complaint);
}

std::string WorkerRecord::WhyNotReady(const ipc::ProcessExit& exit) const {
  if (ready) return absl::StrCat(Name(), " ", HowItEnded(exit));
  if (!complaint.empty()) return absl::StrCat(Name(), " failed: ", complaint);
  return absl::StrCat(Name(), " ", HowItEnded(exit), " before it was ready");
}

}  // namespace muster::master
