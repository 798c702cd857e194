#ifndef MUSTER_TESTS_CHAOS_STAGE_H_
#define MUSTER_TESTS_CHAOS_STAGE_H_

#include <chrono>
#include <string>

#include "muster/ipc/base/unique_fd.h"
#include "muster/tests/chaos/action.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests::chaos {

// After so long a draining worker closes what it has left; 5 s later it is killed.
inline constexpr std::chrono::milliseconds kShutdownTimeout{1500};
inline constexpr std::chrono::milliseconds kGraceOfTheKilled{5000};

inline constexpr int kCrashesOfTrial = 1;

// The folder of a run: the files that are served, the programs that fail, and the configurations,
// each with a number that all its answers bear.
class Stage {
 public:
  Stage();

  RunningMaster& muster() { return muster_; }
  // Writes the configuration that is loaded next.
  void Write(const Settings& settings, int number);
  void Write(const Settings& settings, int number, Mistake mistake);
  // The same on a trial of that time, in which kCrashesOfTrial crashes are borne.
  void WriteOnTrial(const Settings& settings, int number, std::chrono::seconds trial);

  // The FIFOs of the logs.
  std::string log_fifo() const { return muster_.path("log.fifo"); }
  std::string access_fifo() const { return muster_.path("access.fifo"); }

 private:
  std::string Text(const Settings& settings, int number, const std::string& program,
                   const std::string& more, const std::string& http) const;
  void WriteProgram(const std::string& name, const std::string& text) const;

  RunningMaster muster_;
  std::string worker_;
  ipc::UniqueFd occupied_;  // listens at an address that is not ours
  std::string occupied_address_;
};

}  // namespace muster::tests::chaos

#endif  // MUSTER_TESTS_CHAOS_STAGE_H_
