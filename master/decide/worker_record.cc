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

std::string WorkerRecord::Circumstances(const ExitedEvent& event) const {
  if (!event.exit.was_killed && event.exit.code == 0) return "";
  std::string text;
  if (!event.at_hand.empty()) absl::StrAppend(&text, " while ", event.at_hand);
  if (!event.last_words.empty() && complaint.empty()) {
    absl::StrAppend(&text, text.empty() ? "" : ",", " with the last words \"", event.last_words,
                    "\"");
  }
  return text;
}

std::string WorkerRecord::WhyNotReady(const ipc::ProcessExit& exit) const {
  if (ready) return absl::StrCat(Name(), " ", HowItEnded(exit), last_circumstances);
  if (!complaint.empty()) return absl::StrCat(Name(), " failed: ", complaint);
  return absl::StrCat(Name(), " ", HowItEnded(exit), " before it was ready", last_circumstances);
}

}  // namespace muster::master
